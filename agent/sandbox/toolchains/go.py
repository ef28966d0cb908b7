"""Fetches the modules of a Go project from the module proxy, with no version control system and none of its code."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from agent.ports import CommandResult
from agent.projects.model import ProjectPart
from agent.sandbox.bubblewrap import Cell
from agent.sandbox.host_mounts import NETWORK_VARIABLES, Bind, network_binds
from agent.sandbox.installed import Installed, Mount, notes_of
from agent.sandbox.kept import kept, key_of, write_files
from agent.sandbox.limits import Limits
from agent.sandbox.python_env import Execute
from agent.sandbox.toolchains import go_builds, go_modules
from agent.sandbox.toolchains.places import BuildDirectory, home_of

ARGV = ("go", "mod", "download")
TREE = "/modules"
MODULES = "/opt/go-modules"
HOME = "/opt/go"
BUILDS = "/opt/go-builds"
PROXY = "https://proxy.golang.org"
LIMITS = Limits(memory=2 << 30, file_size=2 << 30, inodes=600_000, disk=8 << 30)
PASSED = ("GOSUMDB", "GONOSUMDB", "GONOSUMCHECK", "GOPRIVATE", "GONOPROXY", *NETWORK_VARIABLES)


async def make(
    root: Path, part: ProjectPart, cache: Path, execute: Execute, timeout: float, before: Installed | None
) -> Installed:
    """The modules that go.mod names, below ``cache/go/<key>``. Its own modules, and a project of the standard library alone,
    need no network; a ``vendor`` directory neither."""
    home = await asyncio.to_thread(home_of, "go", ("env", "GOROOT"))
    if home is None:
        return Installed(CommandResult(ARGV, 127, 0, "go is not available here.\n", available=False))
    found = await asyncio.to_thread(go_modules.read, root, part.directory)
    notes = "".join(f"{note}\n" for note in found.notes)
    installed = _ready(home, cache, before)
    if not found.files:
        return replace(installed, result=CommandResult(ARGV, 1, 0, "There is no go.mod that can be read.\n"))
    texts = [f"{name}\0{text}" for name, text in sorted(found.files.items())]
    key = key_of(str(home), part.directory, *texts)
    vendored = (root / part.directory / "vendor" / "modules.txt").is_file()
    if vendored or not found.wanted:
        said = "The modules are in the directory vendor." if vendored else "No module of elsewhere is needed."
        installed = replace(installed, result=CommandResult(ARGV, 0, 0, f"{notes}{said}\n", notes=notes_of(found.notes)))
    else:
        installed = await _with_modules(installed, home, cache, part.directory, found.files, key, execute, timeout)
        result = installed.result
        installed = replace(
            installed, result=replace(result, output_tail=notes + result.output_tail, notes=notes_of(found.notes))
        )
    if before is not None:  # what it began with is in its builds
        again = [mount for mount in before.mounts if mount.source is not None and go_builds.is_kept(mount.source, cache)]
        return replace(installed, mounts=[*installed.mounts, *again], holds=[*installed.holds, *before.holds])
    if installed.result.ok:
        installed = await _with_builds(installed, root, part, cache, f"{key}\0{_version(home)}", execute, timeout)
    return installed


async def _with_modules(
    installed: Installed,
    home: Path,
    cache: Path,
    directory: str,
    files: Mapping[str, str],
    key: str,
    execute: Execute,
    timeout: float,
) -> Installed:
    async def fill(draft: Path) -> CommandResult:
        write_files(draft / "tree", files)
        (draft / "modules").mkdir()
        return await execute(_cell(home, draft, directory), ARGV, timeout)

    result, made, hold = await kept(cache / "go" / key, ARGV, fill)
    mounts = [*installed.mounts, *([Mount(made / "modules", MODULES)] if made else [])]
    return replace(installed, result=replace(result, argv=ARGV), mounts=mounts, holds=[*installed.holds, hold])


async def _with_builds(
    installed: Installed, root: Path, part: ProjectPart, cache: Path, key: str, execute: Execute, timeout: float
) -> Installed:
    """Begins with what was compiled for an earlier run of the same tree, or of one with the same modules."""
    own = next(one for one in installed.holds if isinstance(one, BuildDirectory))
    made, hold = await go_builds.compiled(root, part, cache, installed, key, execute, timeout)
    if made is None:
        return replace(installed, holds=[*installed.holds, hold])
    laid = await asyncio.to_thread(go_builds.lay, made, own.path / go_builds.CACHE)
    own.afterwards.append(partial(go_builds.lay_ahead, made))
    return replace(installed, mounts=[*installed.mounts, laid], holds=[*installed.holds, hold])


def _version(home: Path) -> str:
    place = home / "VERSION"
    return place.read_text(encoding="utf-8", errors="replace") if place.is_file() else ""


def _ready(home: Path, cache: Path, before: Installed | None) -> Installed:
    """What commands need without any module."""
    builds = next((one for one in before.holds if isinstance(one, BuildDirectory)), None) if before else None
    builds = builds or BuildDirectory(cache)
    mounts = [Mount(builds.path, BUILDS, writable=True)]
    if not home.is_relative_to("/usr"):
        mounts.append(Mount(home, HOME))
    env = {
        "GOMODCACHE": MODULES,
        "GOCACHE": f"{BUILDS}/{go_builds.CACHE}",
        "GOPATH": "/tmp/go",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off",
    }
    path = [] if home.is_relative_to("/usr") else [f"{HOME}/bin"]
    return Installed(CommandResult(ARGV, 0, 0, ""), mounts, path, env, [builds])


def _cell(home: Path, draft: Path, directory: str) -> Cell:
    proxies = [url for url in (os.environ.get("GOPROXY") or PROXY).replace("|", ",").split(",") if url not in ("direct", "")]
    passed = {name: value for name in PASSED if (value := os.environ.get(name))}
    env = {
        **passed,
        "PATH": f"{HOME}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "GOPROXY": ",".join(proxies) or "off",
        "GOMODCACHE": f"{TREE}/modules",
        "GOPATH": "/tmp/go",
        "GOCACHE": "/tmp/go-build",
        "GOFLAGS": "-modcacherw",
        "GOVCS": "*:off",
        "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off",
    }
    local = [url.removeprefix("file://") for url in proxies if url.startswith("file:///")]
    binds = [
        *network_binds(),
        *([] if home.is_relative_to("/usr") else [Bind(str(home), HOME)]),
        *(Bind(path, path) for path in local if Path(path).is_dir()),
        Bind(str(draft), TREE, writable=True),
    ]
    return Cell(binds=binds, env=env, chdir=f"{TREE}/tree/{directory}".rstrip("/"), network=True, limits=LIMITS)
