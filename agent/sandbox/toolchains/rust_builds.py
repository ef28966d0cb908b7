"""What the Rust compiler made of a repository and of the crates that it needs, kept for its next run.

Build scripts and macros are code, and run while they are compiled: whoever may write into a build can put anything into it. So
nothing that was compiled for one tree is ever seen by another one.

- A build of a whole tree is kept under a digest of everything in it (not ``.git``, which it does not see), of its crates and of
  the toolchain. Only the tree's own code had a part in it, and whoever is given it runs the same code.
- A tree that was not built yet begins with its crates, compiled from a skeleton of the repository: its manifests, lock file and
  settings, which the key of that build has whole, with empty sources.

Both are made without a network, before any command of a run. Each run gets a copy of its own, made ahead: what it writes there
is gone with it. Cargo takes sources that are newer than what was made of them for changed, so the copy gets the time at which
the tree was found to be the one that was built; later changes are newer. Build scripts of the repository itself run again in
each run, as they may ask git.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from agent.ports import CommandResult
from agent.projects.model import ProjectPart
from agent.sandbox.bubblewrap import WORKDIR, Cell
from agent.sandbox.host_mounts import Bind
from agent.sandbox.installed import Installed, Releasable
from agent.sandbox.installed import binds as binds_of
from agent.sandbox.kept import kept, key_of, write_files
from agent.sandbox.limits import Limits
from agent.sandbox.programs import SYSTEM_PATH
from agent.sandbox.python.packages import Execute
from agent.sandbox.toolchains import cargo_skeleton, laid_ahead
from agent.sandbox.toolchains.places import BuildDirectory

BUILDS = "/opt/cargo-builds"
CACHE = "cargo"
"""The target directory, in what is kept and in a run's own builds."""
TREES = "rust-trees"
CRATES = "rust-crates"
LAID = "rust-laid"
LIMITS = Limits(file_size=2 << 30, inodes=600_000, disk=8 << 30)
LEFT_OUT = (".git", ".mgx")
MAX_FILES = 50_000
MAX_BYTES = 256 << 20
"""Of a tree that is built ahead; each of its bytes is read in each run."""
MAX_BUILD = 2 << 30
"""Bytes of a build that is kept; of a larger one the copy would take too long."""
MAX_SECONDS = 300.0
TICK = 20_000_000
"""Nanoseconds. A file's time may be older than its change by one tick of the kernel's clock, which is 10 ms at most."""
GIT_MACROS = ("git-version", "git-testament")
"""Crates whose macros put the state of git into what is compiled, which a build ahead does not see."""
SHARED_FLAGS = frozenset(("--workspace", "--all", "--all-features", "--no-default-features", "--release", "--locked"))
"""Those that nextest and ``cargo test`` have in common."""


async def begin(
    root: Path,
    part: ProjectPart,
    cache: Path,
    installed: Installed,
    toolchain: str,
    crates: str,
    execute: Execute,
    timeout: float,
) -> list[Releasable]:
    """Fills the build directory of ``installed`` with what is known of the tree ``root``, or of its crates; makes it first
    where it is missing, below ``cache``. Gives what keeps it from being removed. ``installed`` is what commands see;
    ``toolchain`` and ``crates`` are its keys, the latter "" where no crate is needed."""
    argv = _argv(part)
    if not argv:
        return []
    own = next(one for one in installed.holds if isinstance(one, BuildDirectory))
    build = _Build(root, part.directory, cache, installed, toolchain, crates, argv, execute, min(timeout, MAX_SECONDS))
    began = time.time_ns()
    tree = await asyncio.to_thread(_digest, root)
    if tree is not None and tree.newest <= began:  # else what is changed now would look older than the build
        made = await build.of_tree(tree.digest)
        if made is not None:
            await asyncio.to_thread(_lay, made, own.path / CACHE, max(tree.newest, began - TICK))
            own.afterwards.append(partial(laid_ahead.make, made, LAID, copy))
            return build.holds
    made = await build.of_crates()
    if made is not None:
        await asyncio.to_thread(copy, made, own.path / CACHE)
    return build.holds


@dataclass
class _Build:
    root: Path
    directory: str
    cache: Path
    installed: Installed
    toolchain: str
    crates: str
    argv: Sequence[str]
    execute: Execute
    timeout: float
    holds: list[Releasable] = field(default_factory=list)

    async def of_tree(self, digest: str) -> Path | None:
        """None where it is too large to be kept, or changes meanwhile, and where a macro asks git."""
        skeleton = await asyncio.to_thread(cargo_skeleton.read, self.root)
        if any(name in text for name in GIT_MACROS for text in skeleton.files.values()):
            return None

        async def fill(draft: Path) -> CommandResult:
            crates = await self.of_crates()
            if crates is not None:
                await asyncio.to_thread(copy, crates, draft / "built" / CACHE)
            await asyncio.to_thread(shutil.copytree, self.root, draft / "tree", symlinks=True, ignore=_left_out)
            found = await asyncio.to_thread(_digest, draft / "tree")
            if found is None or found.digest != digest:
                return CommandResult(self.argv, 1, 0, "The tree has changed.\n")
            return await self._compile(draft, again=skeleton.scripted)

        return await self._kept(TREES, digest, fill)

    async def of_crates(self) -> Path | None:
        """None without crates, and where they can't be compiled alone."""
        if not self.crates:
            return None
        skeleton = await asyncio.to_thread(cargo_skeleton.read, self.root)

        async def fill(draft: Path) -> CommandResult:
            write_files(draft / "tree", skeleton.files)
            return await self._compile(draft, forget=skeleton.packages)

        files = "\0".join(f"{name}\0{text}" for name, text in sorted(skeleton.files.items()))
        return await self._kept(CRATES, files, fill)

    async def _kept(self, kind: str, key: str, fill: Callable[[Path], Awaitable[CommandResult]]) -> Path | None:
        whole = key_of(self.toolchain, self.crates, self.directory, *self.argv, "", key)
        _, made, hold = await kept(self.cache / kind / whole, self.argv, fill)
        self.holds.append(hold)
        return made if made is not None and _is_directory(made / CACHE) else None

    async def _compile(self, draft: Path, forget: Collection[str] = (), again: Collection[str] = ()) -> CommandResult:
        """Also a build that was ended, or that has errors, is kept: Cargo knows what of it is complete, and tests will say
        the rest."""
        (draft / "built" / CACHE).mkdir(parents=True, exist_ok=True)
        result = await self.execute(self._cell(draft), self.argv, self.timeout)
        await asyncio.to_thread(_finish, draft, forget, again)
        return replace(result, exit_code=0, timed_out=False) if result.available else result

    def _cell(self, draft: Path) -> Cell:
        binds = [bind for bind in binds_of(self.installed.mounts) if not bind.writable]
        return Cell(
            binds=[
                *binds,
                Bind(str(draft / "tree"), WORKDIR, writable=True),
                # the directory itself: what is mounted can't be replaced by a link, through which we would read
                Bind(str(draft / "built" / CACHE), f"{BUILDS}/{CACHE}", writable=True),
            ],
            env={
                **self.installed.env,
                "PATH": ":".join((*self.installed.path, *SYSTEM_PATH)),
                "HOME": "/tmp",
                "TMPDIR": "/tmp",
                "LANG": "C.UTF-8",
                "CI": "1",
                "NO_COLOR": "1",
            },
            chdir=f"{WORKDIR}/{self.directory}".rstrip("/"),
            limits=LIMITS,
        )


def _argv(part: ProjectPart) -> tuple[str, ...]:
    """The command that compiles what the test command of ``part`` needs; () where Cargo does not run the tests."""
    words = part.test
    if words[:2] == ("cargo", "test"):
        before = words[2 : words.index("--")] if "--" in words else words[2:]
        return ("cargo", "test", "--no-run", *before)
    if words[:3] == ("cargo", "nextest", "run"):
        return ("cargo", "test", "--no-run", *(word for word in words[3:] if word in SHARED_FLAGS))
    return ()


def _finish(draft: Path, forget: Collection[str], again: Collection[str]) -> None:
    """Leaves what is kept of a build in ``draft``: without the packages of the names ``forget``, and without what build scripts
    of those of ``again`` have said."""
    shutil.rmtree(draft / "tree", ignore_errors=True)
    if _is_directory(draft / "built" / CACHE):
        os.rename(draft / "built" / CACHE, draft / CACHE)
    shutil.rmtree(draft / "built", ignore_errors=True)
    made, total = draft / CACHE, 0
    for folder, folders, names in os.walk(made):
        if os.path.basename(folder) == ".fingerprint":
            for name in folders:
                package = name.rpartition("-")[0]
                if not _is_directory(Path(folder, name)):
                    os.unlink(os.path.join(folder, name))  # a link: Cargo makes none here
                elif package in forget or (package in again and _ran_a_script(Path(folder, name))):
                    shutil.rmtree(Path(folder, name))
            folders[:] = [name for name in folders if _is_directory(Path(folder, name))]
        total += sum(os.lstat(os.path.join(folder, name)).st_size for name in names)
    if total > MAX_BUILD:
        shutil.rmtree(made)
    laid_ahead.name(draft)


def _is_directory(path: Path) -> bool:
    """Also no link to one: hostile code has written there, and what a link leads to is ours."""
    return path.is_dir() and not path.is_symlink()


def _ran_a_script(unit: Path) -> bool:
    return any(file.name.startswith("run-build-script") for file in unit.iterdir())


def _lay(made: Path, own: Path, at: int) -> None:
    """``at`` is the time of all files of the copy, in nanoseconds: equal times are not newer to Cargo."""
    laid_ahead.take(made, own, LAID, copy)
    for folder, folders, names in os.walk(own):
        for name in (*folders, *names):
            os.utime(os.path.join(folder, name), ns=(at, at), follow_symlinks=False)


def copy(made: Path, own: Path) -> None:
    """A file with several names is copied once; links are left out."""
    seen: dict[int, str] = {}
    for folder, _, names in os.walk(made / CACHE):
        mine = own / os.path.relpath(folder, made / CACHE)
        mine.mkdir(parents=True, exist_ok=True)
        for name in names:
            source, target = os.path.join(folder, name), str(mine / name)
            found = os.lstat(source)
            if found.st_ino in seen:
                os.link(seen[found.st_ino], target)
            elif stat.S_ISREG(found.st_mode):
                shutil.copy2(source, target)
                seen[found.st_ino] = target


@dataclass(frozen=True)
class _Tree:
    """``newest`` is the time of the latest change of a file or directory, in nanoseconds."""

    digest: str
    newest: int


def _digest(root: Path) -> _Tree | None:
    """None where it is too large, or has something else than files, directories and links."""
    digest, newest, files, left = hashlib.sha256(), 0, MAX_FILES, MAX_BYTES
    for path in _entries(root):
        found = path.lstat()
        newest, files = max(newest, found.st_mtime_ns), files - 1
        digest.update(os.fsencode(f"\0{path.relative_to(root)}\0{found.st_mode & 0o170111:o}\0"))
        if stat.S_ISLNK(found.st_mode):
            digest.update(os.fsencode(os.readlink(path)))
        elif stat.S_ISREG(found.st_mode):
            left -= found.st_size
            if left < 0 or files < 0:
                return None
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        elif not stat.S_ISDIR(found.st_mode):
            return None
    return _Tree(digest.hexdigest(), newest)


def _entries(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        yield Path(folder)
        for name in sorted([*names, *(name for name in folders if os.path.islink(os.path.join(folder, name)))]):
            if name not in LEFT_OUT:
                yield Path(folder, name)


def _left_out(folder: str, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in LEFT_OUT]
