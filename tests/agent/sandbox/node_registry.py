"""A registry of npm packages on the loopback that knows one package, ``hello``, and sends all else to the real one."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from contextlib import AbstractContextManager

from tests.agent.sandbox import registry_server

INDEX_JS = "module.exports = 'hello';\n"
MANIFEST = {"name": "hello", "version": "1.0.0", "bin": {"hello": "cli.js"}, "scripts": {"postinstall": "node ran.js"}}
FILES = {
    "package.json": json.dumps(MANIFEST),
    "index.js": INDEX_JS,
    "cli.js": "#!/usr/bin/env node\nconsole.log('hello ran');\n",
    "ran.js": "require('fs').writeFileSync('RAN', String(Object.keys(require('os').networkInterfaces())));\n",
}
REAL = "https://registry.npmjs.org"


def archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in FILES.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mode = len(text), 0o755
            tar.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def files(url: str) -> dict[str, bytes]:
    """The document of the one package and its archive, as npm asks for them."""
    data, tarball = archive(), "/hello/-/hello-1.0.0.tgz"
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
    version = {**MANIFEST, "dist": {"tarball": url + tarball, "integrity": integrity}}
    document = {"name": "hello", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
    return {"/hello": json.dumps(document).encode(), tarball: data}


def serving(*, forward: bool = False) -> AbstractContextManager[tuple[str, list[str]]]:
    """The address and the paths that were asked for. ``forward`` sends questions about other packages to the real registry."""
    return registry_server.serving(files, elsewhere=REAL if forward else "")
