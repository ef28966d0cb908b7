"""Makes the node_modules of a project: by its own package manager, in a sandbox that sees none of the repository's code.

While there is a network, no script runs; afterwards those of packages do, without one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent.excerpts import end_of
from agent.ports import CommandResult
from agent.projects.model import ProjectPart
from agent.real_paths import real
from agent.sandbox import environment_cache
from agent.sandbox.installed import Installed, Mount, notes_of
from agent.sandbox.kept import kept, key_of, write_files
from agent.sandbox.node import builds, cell, npmrc, project
from agent.sandbox.node.cell import node, node_binds, node_path
from agent.sandbox.node.managers import Manager
from agent.sandbox.node.project import NodeProject
from agent.sandbox.python.packages import Execute

__all__ = ["make", "node", "node_binds", "node_path"]

NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")
SCRATCH = (".cache", ".vite", ".vite-temp", ".vitest")
"""Directories of node_modules where build tools keep what they make; they get a writable file system of their own."""
STATE = "/opt/node-state"
"""Where commands of yarn 2 and later see the lock file of the install."""
NOT_THERE = ("ETARGET", "E404", "No matching version", "notarget")


@dataclass(frozen=True)
class _Place:
    """Of this machine: where environments are kept, and how a command is run there."""

    cache: Path
    execute: Execute
    registry: npmrc.Registry
    config: bytes


async def make(root: Path, part: ProjectPart, cache: Path, execute: Execute, timeout: float) -> Installed:
    """The packages of ``part`` of the repository ``root``, made or found under ``cache/node/<key>``; of the whole workspace
    where the part is a member of one. Nothing is mounted where nothing could be installed.

    Any number of processes may make the same one: each builds under a name of its own, and the first to finish names it.
    """
    end = time.monotonic() + timeout
    config = npmrc.user_config()
    here = _Place(cache, execute, npmrc.registry(config.decode("utf-8", "replace"), os.environ), config)
    top = await asyncio.to_thread(project.top_of, root, part.directory)
    wanted = await asyncio.to_thread(project.read, root / top, part.package_manager, here.registry)
    if wanted is None:
        return Installed(CommandResult(("npm", "install"), 1, 0, "There is no package.json that can be read.\n"))
    argv = _lines(wanted)[0]
    if shutil.which("npm") is None or node() is None:
        text = "".join(f"{note}\n" for note in wanted.notes)
        return Installed(CommandResult(argv, 127, 0, f"{text}npm is not available here.\n", available=False))
    manager, holds = wanted.manager, list[environment_cache.Hold]()
    program: Path | None = None
    if manager.name != "npm":
        got, program, hold = await _manager(here, manager, end)
        if program is None and manager.pinned and any(text in got.output_tail for text in NOT_THERE):
            wanted.notes.append(f"{manager.told}, which package.json asks for, could not be had")
            manager = manager.unpinned()
            got, program, hold = await _manager(here, manager, end)
        if program is None:
            text = "".join(f"{note}\n" for note in wanted.notes)
            return Installed(replace(got, argv=argv, output_tail=f"{text}{manager.told} could not be had:\n{got.output_tail}"))
        holds.append(hold)
    key = _key(manager.name, str(program), *(f"{name}\0{text}" for name, text in sorted(wanted.files.items())))

    async def fill(draft: Path) -> CommandResult:
        write_files(draft, wanted.files)
        return await _install(here, draft, wanted, manager, program, end)

    result, made, hold = await kept(cache / "node" / key, argv, fill)
    holds.append(hold)
    notes = [*wanted.notes, *(builds.described(made) if made else [])]
    output = "".join(f"{note}\n" for note in notes) + result.output_tail
    result = replace(result, output_tail=output, notes=notes_of(notes))
    if made is None:
        return Installed(result, holds=holds)
    return _installed(result, made, wanted, top, part.directory, manager, program, holds)


def _installed(
    result: CommandResult, made: Path, wanted: NodeProject, top: str, directory: str, manager: Manager, program: Path | None,
    holds: list[environment_cache.Hold],
) -> Installed:  # fmt: skip
    leads_back = bool(wanted.packages.members or wanted.packages.links)
    mounts = []
    for place in wanted.directories:
        packages = made / place / "node_modules"
        # a member without packages of its own gets an empty place: what build tools leave there stays out of the workdir
        known = packages if packages.is_dir() else None
        mounts.append(Mount(known, _joined(top, place, "node_modules"), SCRATCH if known else (), leads_back=leads_back))
    path = [_joined(place, "node_modules", ".bin") for place in dict.fromkeys((directory, top))]
    env: dict[str, str] = {}
    files: dict[str, Path] = {}
    if program is not None:
        mounts.append(Mount(program, f"{cell.MANAGER}/node_modules"))
        path.append(f"{cell.MANAGER}/node_modules/.bin")
    if manager.name == "pnpm":
        env = {"COREPACK_ENABLE_STRICT": "0"}
        if wanted.manager.pinned and not manager.pinned:
            env["npm_config_manage_package_manager_versions"] = "false"  # it would look for the one that was asked for
    if manager.name == "berry":
        env = {**cell.YARN, "YARN_GLOBAL_FOLDER": "/tmp/yarn", "YARN_INSTALL_STATE_PATH": "/tmp/yarn-state.gz"}
        old = manager.wanted.partition(".")[0] in ("2", "3")
        # yarn asks its lock file before it runs a script, and what is there may be older than package.json, or missing
        if not wanted.packages.rewritten and not old:
            files[_joined(top, "yarn.lock")] = made / "locked" / "yarn.lock"
        elif not wanted.packages.rewritten:
            mounts.append(Mount(made / "locked", STATE))
            env["YARN_LOCKFILE_FILENAME"] = f"{'../' * (top.count('/') + bool(top))}..{STATE}/yarn.lock"
    return Installed(result, mounts, path, env, holds, files=files)


async def _manager(here: _Place, manager: Manager, end: float) -> tuple[CommandResult, Path | None, environment_cache.Hold]:
    """The node_modules that holds the package manager itself, which is a package of the registry; None if it can't be had."""
    manifest = f'{{"name": "manager", "private": true, "dependencies": {{"{manager.package}": "{manager.wanted}"}}}}'
    argv = ("npm", "install", *NPM_OPTIONS)

    async def fill(draft: Path) -> CommandResult:
        write_files(draft, {"package.json": manifest})
        return await _online(here, draft, Manager(), None, argv, end)

    result, made, hold = await kept(here.cache / "node-managers" / _key(manifest, here.registry.url), argv, fill)
    return result, made / "node_modules" if made else None, hold


async def _install(
    here: _Place, draft: Path, wanted: NodeProject, manager: Manager, program: Path | None, end: float
) -> CommandResult:
    """Fills ``draft``: as the lock file says, else as near to it as package.json allows."""
    result = CommandResult((), 1, 0, "")
    before = ""
    for line in _lines(wanted):
        again = await _online(here, draft, manager, program, line, end)
        result = replace(again, argv=line, output_tail=before + again.output_tail)
        if again.ok or again.timed_out:
            break
        before = f"{' '.join(line[:3])} could not be done:\n{end_of(again.output_tail, 2_000)}\n"
    if not result.ok:
        return result
    places = await asyncio.to_thread(_finish, draft, wanted)
    if manager.name == "berry":
        (draft / "locked").mkdir()
        shutil.copyfile(draft / "yarn.lock", draft / "locked" / "yarn.lock")
    notes = await builds.run(draft, places, here.execute, end - time.monotonic())
    builds.describe(draft, notes)
    return result


def _finish(draft: Path, wanted: NodeProject) -> list[str]:
    """Lays what package managers were not asked for; gives the directories that have packages."""
    for directory, name, target in wanted.packages.links:
        link = draft / directory / "node_modules" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists() and not link.is_symlink():
            link.symlink_to(os.path.relpath(draft / target, link.parent), target_is_directory=True)
    (draft / "node_modules").mkdir(exist_ok=True)
    _wrap_programs(draft, wanted)
    places = [directory for directory in wanted.directories if (draft / directory / "node_modules").is_dir()]
    for place in places:
        for name in SCRATCH:
            (draft / place / "node_modules" / name).mkdir(exist_ok=True)
    return places


def _wrap_programs(draft: Path, wanted: NodeProject) -> None:
    """Programs of members are run by node: npm and yarn make them executable, which files of the workdir stay without."""
    programs = {real(draft / package.path(name)) for package in wanted.packages.members for name in package.programs}
    for directory in wanted.directories if programs else ():
        for link in sorted((draft / directory / "node_modules" / ".bin").glob("*")):
            if link.is_symlink() and (leads_to := real(link)) is not None and leads_to in programs:
                target = os.readlink(link)
                link.unlink()
                link.write_text(f'#!/bin/sh\nexec node "$(dirname "$0")/{target}" "$@"\n', encoding="utf-8")
                link.chmod(0o755)


def _lines(wanted: NodeProject) -> list[tuple[str, ...]]:
    """The commands to try, in order; the first is what people are shown."""
    name = wanted.manager.name
    install: tuple[str, ...]
    if name == "npm":
        install = ("npm", "install", *NPM_OPTIONS)
        return [("npm", "ci", *NPM_OPTIONS), install] if wanted.locked else [install]
    if name == "pnpm":
        install = ("pnpm", "install", "--ignore-scripts", "--no-frozen-lockfile")
        return [("pnpm", "install", "--ignore-scripts", "--frozen-lockfile"), install] if wanted.locked else [install]
    if name == "yarn":
        return [("yarn", "install", "--ignore-scripts", "--ignore-engines", "--non-interactive", "--no-progress")]
    return [("yarn", "install")]


async def _online(
    here: _Place, draft: Path, manager: Manager, program: Path | None, argv: Sequence[str], end: float
) -> CommandResult:
    with tempfile.TemporaryDirectory(prefix="mgx-npmrc-") as directory:
        cell.write_config(Path(directory), here.config, here.registry)
        box = cell.online(draft, here.cache, Path(directory), program, manager.name)
        start = argv[:1] if program is None else (f"{cell.MANAGER}/node_modules/.bin/{argv[0]}",)
        return replace(await here.execute(box, (*start, *argv[1:]), max(end - time.monotonic(), 1)), argv=argv)


def _joined(*parts: str) -> str:
    return "/".join(part for part in parts if part)


def _key(*texts: str) -> str:
    found = node()
    stat = found.stat() if found else None
    return key_of(f"{found}-{stat.st_size}-{stat.st_mtime_ns}" if stat else "", *texts)
