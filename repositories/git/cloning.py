"""Creates a run's clone: finds the commit, fetches it, and checks out the workdir."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..errors import GitCommandFailed
from . import fetching, local_repositories
from .branch_clashes import patterns
from .fetching import Wanted
from .mirror import Loan, Mirror
from .process import git
from .progress import Tell, watched
from .remote import Remote, RemoteSource, reach
from .submodules_lfs import ALL_THERE, Contents, contents, listing

NEVER_COMMITTED = (
    "/.mgx/", "__pycache__/", ".pytest_cache/", ".ruff_cache/", ".mypy_cache/", ".hypothesis/", "node_modules/", ".venv/",
)  # fmt: skip
"""By-products that are not part of the change, unless the repository already tracks them."""


@dataclass(frozen=True)
class Base:
    """The start of the work: a commit ("" for none) and the name of its branch. ``heads`` are the remote's branches, as far as
    they were asked for."""

    sha: str
    branch: str
    heads: Collection[str] = ()


@dataclass(frozen=True)
class Clone:
    """``directory`` holds `git` and `repo`. ``tree`` names the base's tree, ``loan`` is what objects are borrowed from."""

    directory: Path
    base: Base
    tree: str
    contents: Contents = ALL_THERE
    loan: Loan | None = None

    @property
    def is_shallow(self) -> bool:
        return fetching.is_shallow(self.directory / "git")


async def clone(directory: Path, source: RemoteSource, *, sha: str, empty: bool, tell: Tell | None) -> Clone:
    """See `Checkout.create`."""
    if not source.url or (empty and not sha):
        return await _nothing(directory, Base("", source.branch or "main"))
    if source.mirror and source.branch and sha and (known := await _known(directory, source.mirror, Base(sha, source.branch))):
        return known
    async with reach(source) as remote:
        if remote.where.path and not sha and not source.allow_dirty:
            await local_repositories.require_committed(remote.where.path)
        base = await _base(remote, source, sha)
        if not base.sha:
            return await _nothing(directory, base)
        async with watched(tell) as heard:
            if source.mirror is None:
                await _init(directory, base.sha)
                await fetching.fetch(remote, directory / "git", Wanted(base.sha, base.branch), heard=heard)
                return await _check_out(directory, base, source.url)
            mirror, wanted = Mirror(source.mirror), Wanted(base.sha, base.branch)
            loan = await mirror.obtain(remote, wanted, heard)
            try:
                return await _borrowing(directory, base, loan, source.url)
            except GitCommandFailed as error:
                if not _may_be_damage(error):
                    raise
                await mirror.replace(loan.git_dir)
            return await _borrowing(directory, base, await mirror.obtain(remote, wanted, heard), source.url)


async def _known(directory: Path, place: Path, base: Base) -> Clone | None:
    """Clones from the mirror alone; None if it does not have the whole commit. What it holds was looked at by the run's first
    clone, which fixed the commit."""
    mirror = Mirror(place)
    loan = await mirror.find(base.sha)
    if loan is None:
        return None
    try:
        return await _borrowing(directory, base, loan, "", looked_at=True)
    except GitCommandFailed as error:
        if not _may_be_damage(error):
            raise
        await mirror.replace(loan.git_dir)
        return None


def _may_be_damage(error: GitCommandFailed) -> bool:
    return error.code == "git_failed" and "No space left" not in error.stderr


async def _borrowing(directory: Path, base: Base, loan: Loan, url: str, *, looked_at: bool = False) -> Clone:
    """A clone that borrows objects of ``loan``, which is released if cloning fails."""
    try:
        await _init(directory, base.sha)
        await asyncio.to_thread(_borrow, directory / "git", loan.git_dir, base.sha)
        return await _check_out(directory, base, url, loan, looked_at=looked_at)
    except BaseException:
        loan.close()
        raise


def _borrow(git_dir: Path, lender: Path, sha: str) -> None:
    (git_dir / "objects" / "info").mkdir(exist_ok=True)
    (git_dir / "objects" / "info" / "alternates").write_text(f"{lender.resolve() / 'objects'}\n")
    with suppress(FileNotFoundError):
        shutil.copyfile(lender / "shallow", git_dir / "shallow")
    (git_dir / "refs" / "mgx").mkdir(exist_ok=True)
    (git_dir / "refs" / "mgx" / "base").write_text(f"{sha}\n")


async def _check_out(directory: Path, base: Base, url: str, loan: Loan | None = None, *, looked_at: bool = False) -> Clone:
    """``looked_at``: nobody asks for its contents, and its size is known to be allowed. Raises GitCommandFailed,
    "repository_too_large" where the files of a small history are large."""
    tree = f"{base.sha}^{{tree}}"
    listed = None if looked_at else await listing(partial(_git, directory), tree)
    if listed is not None and listed.size > fetching.limit():
        raise fetching.too_large(url, f"{fetching.megabytes(listed.size)} checked out")
    await _git(directory, "read-tree", "--reset", "-u", tree)
    found = ALL_THERE if listed is None else await contents(listed, directory / "repo")
    return Clone(directory, base, tree, found, loan)


async def _nothing(directory: Path, base: Base) -> Clone:
    await _init(directory, "")
    tree = await _git(directory, "hash-object", "-t", "tree", "-w", "--stdin")
    return Clone(directory, base, tree.decode().strip())


async def _init(directory: Path, sha: str) -> None:
    """Removes what was there: the clone is fresh."""
    await asyncio.to_thread(_clear, directory)
    await fetching.init(directory / "git", sha256=len(sha) == 64)
    (directory / "git" / "info" / "exclude").write_text("".join(f"{line}\n" for line in NEVER_COMMITTED))


def _clear(directory: Path) -> None:
    for name in ("git", "repo"):
        with suppress(FileNotFoundError):
            shutil.rmtree(directory / name)
    (directory / "repo").mkdir(parents=True)


async def _git(directory: Path, *args: str) -> bytes:
    places = {"GIT_DIR": str(directory / "git"), "GIT_WORK_TREE": str(directory / "repo")}
    return await git(*args, cwd=directory / "repo", env=places)


async def _base(remote: Remote, source: RemoteSource, sha: str) -> Base:
    """Asks the remote. ``sha``, if given, is the commit whatever the branch is at. Raises GitCommandFailed: unknown branch."""
    refs, head = await remote.refs("HEAD", f"refs/heads/{source.branch or '*'}", *patterns(source.wanted))
    heads = {name.removeprefix("refs/heads/"): at for name, at in refs.items() if name.startswith("refs/heads/")}
    if source.branch and source.branch not in heads and not sha:
        others = heads or (await remote.refs("HEAD"))[0]
        if others:
            raise GitCommandFailed(
                f"{source.url} has no branch {source.branch}.",
                code="branch_not_found",
                hint="Push it, or choose another branch.",
            )
    branch = source.branch or head
    wanted = sha or heads.get(branch, "" if source.branch else refs.get("HEAD", ""))
    if wanted and not branch:  # a detached HEAD
        branch = next((name for name, at in heads.items() if at == wanted), "HEAD")
    return Base(wanted, branch if wanted or source.branch else "main", heads)
