"""Makes a Python environment for a repository: wheels only, by uv, in a sandbox that sees none of the repository's code."""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import shutil
import sys
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from uv import find_uv_bin

from agent.ports import CommandResult
from agent.sandbox import environment_cache
from agent.sandbox.bubblewrap import Cell
from agent.sandbox.host_mounts import Bind, interpreter, interpreter_binds, network_binds
from agent.sandbox.install_env import install_env, local_binds
from agent.sandbox.limits import Limits
from agent.sandbox.requirements import Requirements, collect

ENV = "/env"
UV = "/opt/uv"
UV_CACHE = "/uv-cache"
LIMITS = Limits(memory=4 << 30, file_size=4 << 30)
ARGV = ("uv", "pip", "install", "--only-binary", ":all:", "-r", "requirements.txt")
UNPINNED = "The versions of the lock file can't be installed here; these are the newest that the project allows.\n"

Execute = Callable[[Cell, Sequence[str], float], Awaitable[CommandResult]]


async def make(
    root: Path, cache: Path, extra: Sequence[str], execute: Execute, timeout: float
) -> tuple[CommandResult, Path, environment_cache.Hold]:
    """The environment for ``root``, made or found under ``cache/envs/<key>``; the path exists only if the result is ok, and is
    not removed while the hold on it lives.

    Any number of processes may make the same one: each builds under a name of its own, and the first to finish names it.
    """
    wanted = collect(root, extra)
    target = cache / "envs" / _key(wanted)
    refused = "".join(f"refused: {line}\n" for line in wanted.refused)
    hold = await asyncio.to_thread(environment_cache.Hold, target)
    if (target / "pyvenv.cfg").is_file():
        environment_cache.mark_used(target)
        return CommandResult(ARGV, 0, 0, f"{refused}The environment is cached.\n"), target, hold
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.parent / f".{target.name[:16]}-{uuid.uuid4().hex[:8]}"
    draft.mkdir()
    try:
        result = await _build(draft, cache, wanted, execute, timeout)
        if result.ok and not _named(draft, target):
            shutil.rmtree(draft)
    finally:
        if draft.exists():
            shutil.rmtree(draft, ignore_errors=True)
    if result.ok:
        await asyncio.to_thread(environment_cache.prune, target.parent)
    return replace(result, argv=ARGV, output_tail=refused + result.output_tail), target, hold


async def _build(draft: Path, cache: Path, wanted: Requirements, execute: Execute, timeout: float) -> CommandResult:
    with tempfile.TemporaryDirectory(prefix="mgx-install-") as listed:
        (Path(listed) / "requirements.txt").write_text(wanted.text(), encoding="utf-8")
        _write(Path(listed) / "constraints.txt", wanted.constraints)
        _write(Path(listed) / "pins.txt", wanted.pins)
        cell = _cell(draft, cache, listed)
        made = await execute(cell, ("uv", "venv", "--quiet", "--allow-existing", "--python", interpreter(), ENV), timeout)
        if not made.ok:
            return made
        constrained = ("-c", "constraints.txt") if wanted.constraints else ()
        pinned = ("-c", "pins.txt") if wanted.pins else ()
        result = await execute(cell, (*ARGV, *constrained, *pinned), timeout)
        if pinned and not result.ok and not result.timed_out:
            # what was locked for another Python or platform may have no wheel here
            again = await execute(cell, (*ARGV, *constrained), timeout)
            result = replace(again, output_tail=f"{UNPINNED}{again.output_tail}") if again.ok else result
        if result.ok:
            # read-only later, so it can't keep bytecode then; -I and no network, as a package's .pth file must not run here
            compile_ = (interpreter(), "-I", "-m", "compileall", "-q", "-j", "0", f"{ENV}/lib")
            await execute(replace(cell, network=False), compile_, timeout)
        return result


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _cell(draft: Path, cache: Path, listed: str) -> Cell:
    """Sees the interpreter, uv with its cache, the list of packages and the environment to fill; has a network."""
    uv_cache = os.path.abspath(os.environ.get("UV_CACHE_DIR") or cache / "uv")
    os.makedirs(uv_cache, exist_ok=True)
    passed = install_env(os.environ)
    env = {
        **passed,
        "PATH": f"{UV}:/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "UV_CACHE_DIR": UV_CACHE,
        "UV_LINK_MODE": "copy",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "VIRTUAL_ENV": ENV,
    }
    binds = [
        *interpreter_binds(),
        *network_binds(),
        *local_binds(passed),
        Bind(find_uv_bin(), f"{UV}/uv"),
        Bind(listed, "/requirements"),
        Bind(uv_cache, UV_CACHE, writable=True),
        Bind(str(draft), ENV, writable=True),
    ]
    return Cell(binds=binds, env=env, chdir="/requirements", network=True, limits=LIMITS)


def _named(draft: Path, target: Path) -> bool:
    """Gives the finished environment its name; False when another process was first."""
    try:
        os.rename(draft, target)
    except OSError:
        if not (target / "pyvenv.cfg").is_file():
            raise
        return False
    return True


def _key(wanted: Requirements) -> str:
    python = f"{sys.implementation.cache_tag}-{platform.python_version()}-{platform.machine()}-{platform.libc_ver()[0]}"
    text = "\0".join((python, sys.base_prefix, wanted.text(), "\n".join(wanted.constraints), "\n".join(wanted.pins)))
    return hashlib.sha256(text.encode()).hexdigest()
