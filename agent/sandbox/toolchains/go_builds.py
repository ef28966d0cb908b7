"""What the Go compiler made of a repository, kept for its next run: the standard library, its modules and its own packages.

A compiler trusts what lies in its cache, so this one is filled by a step that runs nothing of the repository: the packages and
their tests are compiled, checked and linked as `go test` does, and `true` is started in the place of each test (`-exec`). That
step has no network and sees the tree read-only and without `.git`. What a run compiles itself stays in a directory of its own,
where the kept files are links to a read-only mount, made ahead: nothing that tests write is ever read by another run.

Rust's compiler runs code of what it compiles: ``rust_builds`` keeps its products otherwise.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from agent.patterns import linear
from agent.ports import CommandResult
from agent.projects.model import ProjectPart
from agent.sandbox.bubblewrap import WORKDIR, Cell
from agent.sandbox.environment_cache import Hold
from agent.sandbox.host_mounts import Bind
from agent.sandbox.installed import Installed, Mount
from agent.sandbox.installed import binds as binds_of
from agent.sandbox.kept import kept, key_of
from agent.sandbox.limits import Limits
from agent.sandbox.programs import SYSTEM_PATH
from agent.sandbox.python_env import Execute
from agent.sandbox.toolchains import laid_ahead

ARGV = ("go", "test", "-count=1", "-run=^$", "-exec=true")
KEPT = "go-builds"
CACHE = "go"
"""The directory of GOCACHE, in what is kept and in a run's own builds."""
TRIM = "trim.txt"
LAID = "go-laid"
"""Sets of links that were made ahead, each for one build."""
LIMITS = Limits(file_size=2 << 30, inodes=600_000, disk=8 << 30)
SUFFIXES = (".go", ".s", ".c", ".h", ".cc", ".cpp", ".hpp", "go.mod", "go.sum", "go.work", "modules.txt")
MAX_FILES = 50_000
MAX_BYTES = 64 << 20
"""Of the text that decides which build is the tree's own; of files beyond it the size counts. A wrong build does no harm: the
compiler looks for each package by its content."""
MAX_SECONDS = 300.0
MAX_SEED = 1 << 30
"""Bytes of a build that the next one begins with; a larger one is made again, without what nobody needs any more."""
_FLAG = linear(r"-(?:race|msan|asan|trimpath|tags=[\w.,]{1,200}|mod=(?:mod|vendor|readonly))")


async def compiled(
    root: Path, part: ProjectPart, cache: Path, installed: Installed, key: str, execute: Execute, timeout: float
) -> tuple[Path | None, Hold]:
    """The kept build of the tree of ``part``, made below ``cache`` where it is not there; None where that takes too
    long. ``installed`` is what commands see, ``key`` what toolchain and modules are told from others by. What does not compile
    is left out: the tests will say so."""
    flags = [word for word in part.test if _FLAG.fullmatch(word)]
    tree = await asyncio.to_thread(_digest, root, part.directory)
    target = cache / KEPT / f"{key_of(key, *flags)[:16]}-{tree}"

    async def fill(draft: Path) -> CommandResult:
        await asyncio.to_thread(_seed, target, draft / CACHE)
        cell = _cell(root, part.directory, draft, installed)
        result = await execute(cell, (*ARGV, *flags, "./..."), min(timeout, MAX_SECONDS))
        complete = result.available and not result.timed_out and result.exit_code in (0, 1, 2)
        laid_ahead.name(draft)
        return replace(result, exit_code=0) if complete else replace(result, exit_code=result.exit_code or 1)

    _, made, hold = await kept(target, ARGV, fill)
    return made, hold


def lay(made: Path, own: Path) -> Mount:
    """Makes the cache ``own`` of one sandbox, with links to what was ``made``, which is seen read-only at its own path."""
    laid_ahead.take(made, own, LAID, _link)
    _do_not_trim(own)
    return Mount(made, str(made))


def lay_ahead(made: Path) -> None:
    """Makes the links that the next sandbox with this build begins with."""
    laid_ahead.make(made, LAID, _link)


def _link(made: Path, own: Path) -> None:
    for folder, _, names in os.walk(made / CACHE):
        mine = own / os.path.relpath(folder, made / CACHE)
        mine.mkdir(parents=True, exist_ok=True)
        for name in names:
            if name != TRIM:
                os.symlink(f"{folder}/{name}", f"{mine}/{name}")


def is_kept(place: Path, cache: Path) -> bool:
    return place.parent == cache / KEPT


def _do_not_trim(place: Path) -> None:
    """The go command looks once a day for entries that nobody used for long (cmd/go/internal/cache, ``Trim``)."""
    (place / TRIM).write_text(f"{int(time.time())}\n", encoding="ascii")


def _seed(target: Path, place: Path) -> None:
    """Begins with the newest build of the same modules: its files under a second name."""
    place.mkdir()
    others = target.parent.glob(f"{target.name.partition('-')[0]}-*")
    for other in sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)[:1]:
        hold = Hold(other)
        try:
            source = other / CACHE
            if source.is_dir() and sum(file.stat().st_size for file in source.rglob("*")) <= MAX_SEED:
                shutil.copytree(source, place, copy_function=os.link, dirs_exist_ok=True)
        finally:
            hold.release()
    (place / TRIM).unlink(missing_ok=True)  # its own text, not that of the other
    _do_not_trim(place)


def _cell(root: Path, directory: str, draft: Path, installed: Installed) -> Cell:
    binds = [bind for bind in binds_of(installed.mounts) if not bind.writable]
    return Cell(
        binds=[*binds, Bind(str(root), WORKDIR), Bind(str(draft), "/builds", writable=True)],
        env={
            **installed.env,
            "PATH": ":".join((*installed.path, *SYSTEM_PATH)),
            "GOCACHE": f"/builds/{CACHE}",
            "HOME": "/tmp",
            "LANG": "C.UTF-8",
        },
        chdir=f"{WORKDIR}/{directory}".rstrip("/"),
        hidden=[f"{WORKDIR}/{name}" for name in (".git", ".mgx") if (root / name).is_dir() and not (root / name).is_symlink()],
        limits=LIMITS,
    )


def _digest(root: Path, directory: str) -> str:
    digest, left = hashlib.sha256(), MAX_BYTES
    for path in _sources(root / directory):
        size = path.lstat().st_size
        digest.update(os.fsencode(f"\0{path.relative_to(root)}\0{size}\0"))
        left -= size
        if left > 0 and not path.is_symlink():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources(top: Path) -> Iterator[Path]:
    seen = 0
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in (".git", "node_modules"))
        for name in sorted(names):
            seen += 1
            if seen > MAX_FILES:
                return
            path = Path(folder, name)
            if name.endswith(SUFFIXES) and (path.is_symlink() or path.is_file()):
                yield path
