"""Makes the node_modules of a repository: by npm, without scripts, in a sandbox that sees none of the repository's code."""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import shutil
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from agent.ports import CommandResult
from agent.sandbox import environment_cache, node_manifest
from agent.sandbox.bubblewrap import Cell
from agent.sandbox.host_mounts import Bind, network_binds
from agent.sandbox.limits import Limits
from agent.sandbox.node_manifest import Manifest
from agent.sandbox.python.packages import Execute

TREE = "/node"
NPM_CACHE = "/npm-cache"
USER_CONFIG = "/npmrc"
LIMITS = Limits(memory=4 << 30, file_size=4 << 30)
OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")
SCRATCH = (".cache", ".vite", ".vite-temp", ".vitest")
"""Directories of node_modules where build tools keep what they make; they get a writable file system of their own."""
PASSED = (
    "NPM_CONFIG_REGISTRY", "npm_config_registry", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY",
    "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip


async def make(
    root: Path, cache: Path, execute: Execute, timeout: float
) -> tuple[CommandResult, Path | None, environment_cache.Hold | None]:
    """``node_modules`` for ``root``, made or found under ``cache/node/<key>``, with the hold that keeps it from being removed;
    None where nothing could be installed.

    Any number of processes may make the same one: each builds under a name of its own, and the first to finish names it.
    """
    wanted = node_manifest.read(root)
    if wanted is None:
        return CommandResult(("npm", "install"), 1, 0, "There is no package.json that can be read.\n"), None, None
    argv = ("npm", "ci" if wanted.lock is not None else "install", *OPTIONS)
    notes = "".join(f"{note}\n" for note in wanted.notes)
    if shutil.which("npm") is None or node() is None:
        return CommandResult(argv, 127, 0, f"{notes}npm is not available here.\n", available=False), None, None
    target = cache / "node" / _key(wanted)
    hold = await asyncio.to_thread(environment_cache.Hold, target)
    if target.is_dir():
        environment_cache.mark_used(target)
        return CommandResult(argv, 0, 0, f"{notes}The packages are cached.\n"), target / "node_modules", hold
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.parent / f".{target.name[:16]}-{uuid.uuid4().hex[:8]}"
    draft.mkdir()
    try:
        for name, text in wanted.texts().items():
            (draft / name).write_text(text, encoding="utf-8")
        result = await _install(draft, cache, argv, execute, timeout)
        if result.ok:
            for name in SCRATCH:
                (draft / "node_modules" / name).mkdir(parents=True, exist_ok=True)
            _name(draft, target)
    finally:
        if draft.exists():
            shutil.rmtree(draft, ignore_errors=True)
    if result.ok:
        await asyncio.to_thread(environment_cache.prune, target.parent)
    made = target / "node_modules" if result.ok else None
    return replace(result, argv=argv, output_tail=notes + result.output_tail), made, hold


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


async def _install(draft: Path, cache: Path, argv: Sequence[str], execute: Execute, timeout: float) -> CommandResult:
    with tempfile.TemporaryDirectory(prefix="mgx-npmrc-") as directory:
        config = Path(directory) / "npmrc"
        config.write_bytes(_user_config())
        return await execute(_cell(draft, cache, config), argv, timeout)


def _cell(draft: Path, cache: Path, config: Path) -> Cell:
    """Sees node, npm with its cache, the manifest and the directory to fill; has a network."""
    npm_cache = os.path.abspath(os.environ.get("NPM_CONFIG_CACHE") or cache / "npm")
    os.makedirs(npm_cache, exist_ok=True)
    passed = {name: value for name in PASSED if (value := os.environ.get(name))}
    env = {
        **passed,
        "PATH": ":".join([*node_path(), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "npm_config_cache": NPM_CACHE,
        "npm_config_userconfig": USER_CONFIG,
        # a package that names a git repository would have it cloned, from any host
        "npm_config_git": "/bin/false",
    }
    binds = [
        *network_binds(),
        *node_binds(),
        *_certificate_binds(passed),
        Bind(str(config), USER_CONFIG),
        Bind(npm_cache, NPM_CACHE, writable=True),
        Bind(str(draft), TREE, writable=True),
    ]
    return Cell(binds=binds, env=env, chdir=TREE, network=True, limits=LIMITS)


def _user_config() -> bytes:
    """The npmrc of whoever runs this: where packages come from, and the credential for it."""
    path = Path(os.environ.get("NPM_CONFIG_USERCONFIG") or Path.home() / ".npmrc")
    return path.read_bytes() if path.is_file() else b""


def _certificate_binds(env: Mapping[str, str]) -> list[Bind]:
    paths = [env[name] for name in ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR") if name in env]
    return [Bind(str(Path(path).resolve()), path) for path in dict.fromkeys(paths) if Path(path).exists()]


def _name(draft: Path, target: Path) -> None:
    """Gives the finished directory its name, unless another process was first."""
    try:
        os.rename(draft, target)
    except OSError:
        if not target.is_dir():
            raise


def _key(wanted: Manifest) -> str:
    found = node()
    stat = found.stat() if found else None
    version = f"{found}-{stat.st_size}-{stat.st_mtime_ns}" if stat else ""
    text = "\0".join((version, platform.machine(), platform.libc_ver()[0], *wanted.texts().values()))
    return hashlib.sha256(text.encode()).hexdigest()
