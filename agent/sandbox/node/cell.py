"""The sandbox of Node's install step: sees Node.js, the package manager and its cache, and the directory to fill."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from agent.sandbox.bubblewrap import Cell
from agent.sandbox.host_mounts import NETWORK_VARIABLES, Bind, network_binds
from agent.sandbox.limits import Limits
from agent.sandbox.node.npmrc import Registry

TREE = "/node"
MANAGER = "/opt/node-manager"
"""Where the package manager is seen, in the install step and by commands."""
CACHE = "/npm-cache"
USER_CONFIG = "/npmrc"
YARN_HOME = "/yarn-home"
REFUSED = "/opt/refused"
"""Holds what takes the place of git: a package that names a git repository would have it cloned, from any host."""
LIMITS = Limits(memory=4 << 30, file_size=4 << 30, disk=8 << 30, inodes=600_000, open_files=8_192)
PASSED = ("NPM_CONFIG_REGISTRY", "npm_config_registry", "NODE_EXTRA_CA_CERTS", *NETWORK_VARIABLES)
PNPM = {
    "store_dir": f"{CACHE}/pnpm-store", "package_import_method": "clone-or-copy", "enable_global_virtual_store": "false",
    "manage_package_manager_versions": "false", "package_manager_strict": "false", "block_exotic_subdeps": "true",
    "confirm_modules_purge": "false", "strict_dep_builds": "false", "side_effects_cache": "false", "update_notifier": "false",
}  # fmt: skip
YARN = {
    "YARN_ENABLE_SCRIPTS": "false", "YARN_NODE_LINKER": "node-modules", "YARN_ENABLE_IMMUTABLE_INSTALLS": "false",
    "YARN_ENABLE_TELEMETRY": "false", "YARN_ENABLE_GLOBAL_CACHE": "true", "YARN_GLOBAL_FOLDER": f"{CACHE}/berry",
    "YARN_ENABLE_PROGRESS_BARS": "false", "YARN_NM_MODE": "classic",
}  # fmt: skip


def node() -> Path | None:
    """The Node.js of this machine, links followed."""
    found = shutil.which("node")
    return Path(found).resolve() if found else None


def node_binds() -> list[Bind]:
    """The directory that holds Node.js and npm, where it isn't part of the system's /usr."""
    found = node()
    if found is None or found.is_relative_to("/usr") or found.parent.name != "bin":
        return []
    home = str(found.parent.parent)
    return [Bind(home, home)]


def node_path() -> list[str]:
    return [f"{bind.target}/bin" for bind in node_binds()]


def online(draft: Path, cache: Path, config: Path, manager: Path | None, name: str) -> Cell:
    """Fills ``draft`` from the registry. ``config`` is a directory with the person's settings (``write_config``); ``manager``
    the package manager's own node_modules, None for npm; ``name`` which one it is."""
    kept = os.path.abspath(os.environ.get("NPM_CONFIG_CACHE") or cache / "npm")
    os.makedirs(kept, exist_ok=True)
    passed = {name: value for name in PASSED if (value := os.environ.get(name))}
    env = {
        **passed,
        "PATH": ":".join([REFUSED, *_base_path(manager)]),
        "HOME": YARN_HOME if name == "berry" else "/tmp",
        "LANG": "C.UTF-8",
        "CI": "1",
        "COREPACK_ENABLE_STRICT": "0",
        "npm_config_cache": CACHE,
        "npm_config_userconfig": USER_CONFIG,
        "npm_config_git": "/bin/false",
    }
    if name == "pnpm":
        env |= {f"npm_config_{key}": value for key, value in PNPM.items()}
    elif name == "yarn":
        env |= {"YARN_CACHE_FOLDER": f"{CACHE}/yarn", "npm_config_cache": f"{CACHE}/yarn"}
    elif name == "berry":
        env |= YARN
        for theirs, ours in (("https_proxy", "YARN_HTTPS_PROXY"), ("http_proxy", "YARN_HTTP_PROXY")):
            if value := passed.get(theirs) or passed.get(theirs.upper()):
                env[ours] = value
    binds = [
        *network_binds(),
        *node_binds(),
        *_certificate_binds(passed),
        Bind("/bin/false", f"{REFUSED}/git"),
        Bind(str(config / "npmrc"), USER_CONFIG),
        Bind(str(config / "home"), YARN_HOME),
        Bind(kept, CACHE, writable=True),
        Bind(str(draft), TREE, writable=True),
        *([Bind(str(manager), f"{MANAGER}/node_modules")] if manager else []),
    ]
    return Cell(binds=binds, env=env, chdir=TREE, network=True, limits=LIMITS)


def offline(draft: Path) -> Cell:
    """Where the scripts of packages run: without a network, and with nothing of the person's or the repository's."""
    env = {
        "PATH": ":".join([*_node_gyp(), *_base_path(None)]),
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "CI": "1",
        "npm_config_offline": "true",
        "npm_config_update_notifier": "false",
        **({"npm_config_nodedir": "/usr"} if Path("/usr/include/node/node.h").is_file() else {}),
    }
    return Cell(binds=[*node_binds(), Bind(str(draft), TREE, writable=True)], env=env, chdir=TREE, limits=LIMITS)


def write_config(directory: Path, config: bytes, registry: Registry) -> None:
    """The person's own settings, as npm, pnpm and yarn 1 read them and as later yarns do."""
    (directory / "npmrc").write_bytes(config)
    (directory / "home").mkdir()
    (directory / "home" / ".yarnrc.yml").write_text(json.dumps(_yarn(registry)), encoding="utf-8")


def _yarn(registry: Registry) -> dict[str, object]:
    def server(url: str) -> dict[str, object]:
        address = url.partition(":")[2]
        found: dict[str, object] = {"npmRegistryServer": url.rstrip("/")}
        for credentials, key in ((registry.tokens, "npmAuthToken"), (registry.basic, "npmAuthIdent")):
            value = credentials.get(address) or credentials.get(address.rstrip("/"))
            if value:
                found |= {key: value, "npmAlwaysAuth": True}
        return found

    scopes = {scope.removeprefix("@"): server(url) for scope, url in registry.scopes.items()}
    urls = (registry.url, *registry.scopes.values())
    plain = sorted({url.split("/")[2].partition(":")[0] for url in urls if url.startswith("http://")})
    return {**server(registry.url), "npmScopes": scopes, **({"unsafeHttpWhitelist": plain} if plain else {})}


def _node_gyp() -> list[str]:
    """The directory of the compiler's driver that comes with npm."""
    npm = shutil.which("npm")
    home = Path(npm).resolve().parent.parent if npm else Path("/nowhere")
    places = (home / "bin" / "node-gyp-bin", home / "node_modules/@npmcli/run-script/lib/node-gyp-bin")
    return [str(place) for place in places if place.is_dir()][:1]


def _base_path(manager: Path | None) -> list[str]:
    own = [f"{MANAGER}/node_modules/.bin"] if manager else []
    return [*own, *node_path(), "/usr/local/bin", "/usr/bin", "/bin"]


def _certificate_binds(env: Mapping[str, str]) -> list[Bind]:
    paths = [env[name] for name in ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR") if name in env]
    return [Bind(str(Path(path).resolve()), path) for path in dict.fromkeys(paths) if Path(path).exists()]
