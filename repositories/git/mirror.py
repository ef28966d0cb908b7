"""Mirrors of linked repositories, kept on this machine for the next checkout.

    mirrors/<workspace>/<link>/fetch.lock    held by the one that fetches
    mirrors/<workspace>/<link>/<n>/          a bare repository; the highest number is the one in use
    mirrors/<workspace>/<link>/<n>/mgx.lock  held, shared, by each checkout that borrows its objects

A checkout never works in a mirror: it has a git directory of its own that borrows the mirror's objects (gitrepository-layout,
`objects/info/alternates`), so nothing that a run does can reach what other runs read. Objects are only ever added; a mirror
that is damaged or has grown too large is followed by a fresh one, and removed when nobody borrows from it any more.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import GitCommandFailed
from . import fetching
from .eviction import generations, make_room, size_of
from .fetching import Wanted, is_refusal, limit, megabytes, too_large
from .locks import Lock, acquire, attempt, touch
from .process import git
from .remote import Remote

MAX_PACKS = 40
"""Repack above this number: each fetch leaves a pack, and git reads the index of every pack."""


@dataclass(frozen=True)
class Loan:
    """A bare repository whose objects stay where they are until `close`."""

    git_dir: Path
    lock: Lock

    def close(self) -> None:
        self.lock.close()


class Mirror:
    """The mirror at ``place``. Any number of processes may use it at once."""

    def __init__(self, place: Path) -> None:
        self.place = place

    async def find(self, sha: str) -> Loan | None:
        """Borrows the commit if the mirror has it, without network access or waiting."""
        numbers = generations(self.place)
        return await self._loan(self.place / str(numbers[-1]), Wanted(sha)) if numbers else None

    async def obtain(self, remote: Remote, wanted: Wanted, heard: Callable[[bytes], None] | None = None) -> Loan:
        """Borrows the commit, fetching it if needed. One process fetches at a time; others wait and use its result.

        Raises what `fetching.fetch` raises.
        """
        if found := await self.find(wanted.sha):
            return found
        await asyncio.to_thread(self.place.mkdir, parents=True, exist_ok=True, mode=0o700)
        with await acquire(self.place / "fetch.lock") as held:
            if found := await self.find(wanted.sha):
                return found
            loan = await self._fetch(remote, wanted, heard, held)
        try:
            await asyncio.to_thread(make_room, self.place.parents[1])
        except BaseException:
            loan.close()
            raise
        return loan

    async def replace(self, damaged: Path) -> None:
        """Retires ``damaged``: new checkouts do not use it, present borrowers keep it."""
        with await acquire(self.place / "fetch.lock"):
            if generations(self.place)[-1:] == [int(damaged.name)]:
                await asyncio.to_thread(self._next().mkdir)

    async def _loan(self, git_dir: Path, wanted: Wanted) -> Loan | None:
        lock = attempt(git_dir / "mgx.lock", shared=True, make=False)
        if lock is None:
            return None
        try:
            # git sets the ref last, so all that belongs to the commit was here once
            if await fetching.has_commit(git_dir, wanted.ref):
                touch(git_dir / "mgx.lock")
                return Loan(git_dir, lock)
        except BaseException:
            lock.close()
            raise
        lock.close()
        return None

    async def _fetch(self, remote: Remote, wanted: Wanted, heard: Callable[[bytes], None] | None, held: Lock) -> Loan:
        """Fetches into the present repository or, if there is none or it is damaged, into a fresh one."""
        numbers = generations(self.place)
        if numbers:
            git_dir = self.place / str(numbers[-1])
            lock = attempt(git_dir / "mgx.lock", shared=True)
            try:
                if lock is not None and await asyncio.to_thread(_fits, git_dir, wanted):
                    await asyncio.to_thread(_sweep, git_dir)
                    await fetching.fetch(remote, git_dir, wanted, held=(held.fileno(),), heard=heard)
                    if await asyncio.to_thread(size_of, git_dir) <= limit() and await fetching.has_commit(git_dir, wanted.sha):
                        await _pack(git_dir)
                        touch(git_dir / "mgx.lock")
                        loan, lock = Loan(git_dir, lock), None
                        return loan
            except GitCommandFailed as error:
                if error.code not in {"git_failed", "repository_too_large"} or is_refusal(error):
                    raise
            finally:
                if lock is not None:
                    lock.close()
        return await self._fetch_afresh(remote, wanted, heard, held)

    async def _fetch_afresh(self, remote: Remote, wanted: Wanted, heard: Callable[[bytes], None] | None, held: Lock) -> Loan:
        git_dir = self._next()
        await asyncio.to_thread(git_dir.mkdir)
        lock = attempt(git_dir / "mgx.lock", shared=True)
        assert lock is not None, "a mirror was removed during a fetch into it"
        try:
            await fetching.init(git_dir, sha256=len(wanted.sha) == 64)
            await fetching.fetch(remote, git_dir, wanted, held=(held.fileno(),), heard=heard)
            size = await asyncio.to_thread(size_of, git_dir)
            if size > limit():
                raise too_large(remote.where.url, megabytes(size))
        except BaseException:
            lock.close()
            shutil.rmtree(git_dir, ignore_errors=True)
            raise
        return Loan(git_dir, lock)

    def _next(self) -> Path:
        numbers = generations(self.place)
        return self.place / str(numbers[-1] + 1 if numbers else 1)


def _fits(git_dir: Path, wanted: Wanted) -> bool:
    """Whether it is a repository with ids of the same kind. Its configuration is ours (`fetching.init`). Of a damaged one the
    default is read, and the fetch that follows finds the damage."""
    from git import GitConfigParser  # MetaGPT has loaded it where runs are worked on; nobody else needs it
    from git.repo.fun import is_git_dir

    if not is_git_dir(git_dir):
        return False
    with GitConfigParser(git_dir / "config", read_only=True, merge_includes=False) as config:
        kind = config.get_value("extensions", "objectFormat", "sha1")
    return kind == ("sha256" if len(wanted.sha) == 64 else "sha1")


async def _pack(git_dir: Path) -> None:
    """Combines packs. Nothing is dropped, since borrowers may need objects that no ref reaches."""
    packs = await asyncio.to_thread(lambda: len(list((git_dir / "objects" / "pack").glob("*.pack"))))
    if packs > MAX_PACKS:
        await git("repack", "-a", "-d", "-k", "-q", "--no-write-bitmap-index", env={"GIT_DIR": str(git_dir)})


def _sweep(git_dir: Path) -> None:
    """Removes what a killed git left: its locks, and parts of packs. The caller must hold the fetch lock."""
    for pattern in ("*.lock", "refs/**/*.lock", "objects/**/tmp_*", "objects/**/.tmp-*"):
        for left in git_dir.glob(pattern):
            if left.name != "mgx.lock":
                left.unlink(missing_ok=True)
