"""Fetches the packages of a PHP project by what its composer.lock or composer.json names; none of its code, and no script or
plugin of a package, runs.

Composer gets a composer.json of ours, and the server's own settings, which name mirrors. Afterwards, without a network, it
reads in which files the project's own classes are.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agent.excerpts import end_of
from agent.ports import CommandResult
from agent.projects.model import ProjectPart
from agent.sandbox.bubblewrap import Cell
from agent.sandbox.host_mounts import NETWORK_VARIABLES, Bind, network_binds
from agent.sandbox.installed import Installed, Mount, notes_of
from agent.sandbox.kept import kept, key_of, write_files
from agent.sandbox.limits import Limits
from agent.sandbox.python.packages import Execute
from agent.sandbox.toolchains import composer_manifest
from agent.sandbox.toolchains.composer_manifest import ComposerManifest

ARGV = ("composer", "install")
NOTHING_RUNS = ("--no-scripts", "--no-plugins", "--no-interaction", "--no-ansi")
UPDATE = ("composer", "update", *NOTHING_RUNS, "--no-progress", "--no-audit", "--prefer-dist", "--ignore-platform-req=ext-*")
DUMP = ("composer", "dump-autoload", *NOTHING_RUNS, "--ignore-platform-reqs")
TREE = "/packages"
SETTINGS = Path("/etc/php")
"""Where Debian's PHP is told which of its parts to load; without it there is no mbstring and no dom."""
PERSONAL = ("config.json", "auth.json")
LIMITS = Limits(memory=2 << 30, file_size=1 << 30, inodes=400_000, disk=4 << 30)


async def make(root: Path, part: ProjectPart, cache: Path, execute: Execute, timeout: float) -> Installed:
    """The packages of ``part``, below ``cache/php/<key>``, seen where the project has its own. A project that has its
    packages beside it keeps those."""
    if not all(shutil.which(program, path="/usr/local/bin:/usr/bin") for program in ("composer", "php")):
        return Installed(CommandResult(ARGV, 127, 0, "composer is not available here.\n", available=False))
    mounts = [Mount(Path(bind.source), bind.target) for bind in _settings()]
    found = await asyncio.to_thread(composer_manifest.read, root, part.directory)
    notes = "".join(f"{note}\n" for note in found.notes)
    if not found.asked:
        return Installed(CommandResult(ARGV, 0, 0, "There is no composer.json that can be read.\n"), mounts)
    if (root / part.directory / found.vendor / "autoload.php").is_file():
        return Installed(CommandResult(ARGV, 0, 0, f"The packages are in the directory {found.vendor}.\n"), mounts)

    async def fill(draft: Path) -> CommandResult:
        return await _fill(draft, root / part.directory, found, execute, timeout)

    classes = await asyncio.to_thread(_digest, root / part.directory, found.classes)
    result, made, hold = await kept(cache / "php" / key_of(found.asked, found.locked, classes), ARGV, fill)
    result = replace(result, argv=ARGV, output_tail=notes + result.output_tail, notes=notes_of(found.notes))
    if made is None:
        return Installed(result, mounts, holds=[hold])
    target = f"{part.directory}/{found.vendor}".lstrip("/")
    return Installed(result, [*mounts, Mount(made / "vendor", target, only_if_absent=True)], holds=[hold])


async def _fill(draft: Path, top: Path, found: ComposerManifest, execute: Execute, timeout: float) -> CommandResult:
    write_files(draft / "download", dict.fromkeys(PERSONAL, "{}"))
    said, result = "", CommandResult(ARGV, 1, 0, "")
    for text in (found.locked, found.asked):
        if not text:
            continue
        shutil.rmtree(draft / "tree", ignore_errors=True)
        write_files(draft / "tree", {"composer.json": text})
        result = await execute(_cell(draft, network=True), (*UPDATE, "--no-autoloader"), timeout)
        if result.ok or result.timed_out:
            break
        said = f"The versions of composer.lock could not be had:\n{end_of(result.output_tail, 2_000)}\n"
    if result.ok:
        await asyncio.to_thread(_lay_out, draft, text, found.vendor)
        await asyncio.to_thread(_copy, top, draft / "tree", found.classes)
        dumped = await execute(_cell(draft, network=False), DUMP, timeout)
        result = replace(dumped, output_tail=said + result.output_tail + dumped.output_tail)
        if dumped.ok:
            os.rename(draft / "tree" / found.vendor, draft / "vendor")
    for left in ("download", "tree", "fetched"):
        await asyncio.to_thread(shutil.rmtree, draft / left, ignore_errors=True)
    return result


def _cell(draft: Path, *, network: bool) -> Cell:
    passed = {name: value for name in NETWORK_VARIABLES if network and (value := os.environ.get(name))}
    env = {
        **passed,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "COMPOSER_HOME": f"{TREE}/download",
        "COMPOSER_CACHE_DIR": f"{TREE}/download/cache",
        "COMPOSER_ALLOW_SUPERUSER": "1",
        "COMPOSER_DISABLE_NETWORK": "" if network else "1",
        "GIT_ALLOW_PROTOCOL": "none",  # a package without an archive would be cloned from where its author says
    }
    home = Path(os.environ.get("COMPOSER_HOME") or Path.home() / ".config" / "composer")
    binds = [
        *network_binds(),  # Composer looks for certificates also where it asks nobody
        *_settings(),
        Bind(str(draft), TREE, writable=True),
        *(Bind(str(home / name), f"{TREE}/download/{name}") for name in PERSONAL if network and (home / name).is_file()),
    ]
    return Cell(binds=binds, env=env, chdir=f"{TREE}/tree", network=network, limits=LIMITS)


def _settings() -> list[Bind]:
    return [Bind(str(SETTINGS), str(SETTINGS))] if SETTINGS.is_dir() else []


def _lay_out(draft: Path, text: str, vendor: str) -> None:
    """A new tree with the packages in it, and nothing else that an archive has left: through a link of one we would write the
    project's files elsewhere."""
    fetched = draft / "fetched"
    os.rename(draft / "tree", fetched)
    write_files(draft / "tree", {"composer.json": text})
    packages = fetched / vendor
    if packages.is_dir() and packages.resolve() == fetched.resolve() / vendor:
        (draft / "tree" / vendor).parent.mkdir(parents=True, exist_ok=True)
        os.rename(packages, draft / "tree" / vendor)


def _copy(top: Path, tree: Path, names: Sequence[str]) -> None:
    for name in names:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(top / name, tree / name)


def _digest(top: Path, names: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for name in names:
        digest.update(os.fsencode(f"\0{name}\0") + hashlib.sha256((top / name).read_bytes()).digest())
    return digest.hexdigest()
