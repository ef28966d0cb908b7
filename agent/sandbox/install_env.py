"""Which of the caller's environment variables the install step gets: package indexes and certificates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from agent.sandbox.host_mounts import Bind

PASSED = [
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_INDEX_STRATEGY",
    "UV_FIND_LINKS",
    "UV_NO_INDEX",
    "UV_OFFLINE",
    "UV_HTTP_TIMEOUT",
    "UV_HTTP_RETRIES",
    "UV_INSECURE_HOST",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
    "UV_EXCLUDE_NEWER",
    "UV_CONCURRENT_DOWNLOADS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
]
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT")
FROM_PIP = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_NO_INDEX": "UV_NO_INDEX",
    "PIP_CERT": "SSL_CERT_FILE",
}
CREDENTIALS = ("UV_INDEX_",)
"""uv reads UV_INDEX_<NAME>_USERNAME and _PASSWORD for indexes that need them."""
LOCAL = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", *CERTIFICATES)


def install_env(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables for uv, with pip's where uv has none of its own."""
    names = (*PASSED, *CERTIFICATES)
    env = {name: value for name, value in environ.items() if value and (name in names or name.startswith(CREDENTIALS))}
    for theirs, ours in FROM_PIP.items():
        if environ.get(theirs):
            env.setdefault(ours, environ[theirs])
    return env


def local_binds(env: Mapping[str, str]) -> list[Bind]:
    """Directories and files of the host that ``env`` refers to: local indexes and certificates, read-only."""
    found: dict[str, None] = {}
    for name in LOCAL:
        for value in env.get(name, "").replace(",", " ").split():
            parts = urlsplit(value)
            path = url2pathname(parts.path) if parts.scheme == "file" else value if value.startswith("/") else ""
            if path and Path(path).exists():
                found[path] = None
    return [Bind(str(Path(path).resolve()), path) for path in found]
