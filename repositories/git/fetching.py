"""Brings a commit and a bounded part of its history into a bare repository of ours."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from ..errors import GitCommandFailed
from .process import LARGEST_OBJECT, Transfer, git
from .remote import Remote, explain

ALL = 2**31 - 1
"""git's number for unlimited depth (git-fetch, `--unshallow`)."""
MAX_WALKED = 1_000

_OPTIONS = (
    "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--update-shallow", "--force",
)  # fmt: skip
_NO_SHALLOW = re.compile(r"not support (shallow|--depth)", re.IGNORECASE)
_REFUSED = re.compile(r"not our ref|unadvertised object|find remote ref|no such remote ref|not valid", re.IGNORECASE)
_CUT_OFF = re.compile(r"signal 25|file size limit|file too large", re.IGNORECASE)
"""What git and its parts say when RLIMIT_FSIZE ends them (SIGXFSZ, EFBIG)."""
_UNFOLDS = re.compile(r"attempting to allocate \d+ over limit")


@dataclass(frozen=True)
class Wanted:
    """A commit, and the branch that should contain it ("" or "HEAD": none is known)."""

    sha: str
    branch: str = ""

    @property
    def ref(self) -> str:
        """Set by git when the commit and everything that belongs to it is there, not before."""
        return f"refs/mgx/{self.sha}"


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def limit() -> int:
    """The largest size of one repository, in bytes."""
    return int(settings.MGX_REPOSITORY_MB) * 1_000_000


def too_large(where: str, size: str) -> GitCommandFailed:
    return GitCommandFailed(
        f"The repository {where} is too large: {size}. This server allows {megabytes(limit())} (MGX_REPOSITORY_MB).",
        code="repository_too_large",
        hint="Raise MGX_REPOSITORY_MB, fetch less history (MGX_HISTORY_DEPTH), or link a smaller repository.",
    )


async def init(git_dir: Path, *, sha256: bool) -> None:
    """A bare repository without hooks, as `git init` makes it (gitrepository-layout, config: extensions.objectFormat)."""
    await asyncio.to_thread(_init, git_dir, "objectFormat = sha256" if sha256 else "")


def _init(git_dir: Path, extension: str) -> None:
    for name in ("info", "objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (git_dir / name).mkdir(parents=True, exist_ok=True)
    (git_dir / "HEAD").write_text("ref: refs/heads/main\n")
    version, extensions = (1, f"[extensions]\n\t{extension}\n") if extension else (0, "")
    core = f"[core]\n\trepositoryFormatVersion = {version}\n\tfileMode = true\n\tbare = true\n"
    (git_dir / "config").write_text(core + extensions)


async def fetch(
    remote: Remote, git_dir: Path, wanted: Wanted, *,
    held: Sequence[int] = (), heard: Callable[[bytes], None] | None = None,
) -> None:  # fmt: skip
    """MGX_HISTORY_DEPTH commits up to ``wanted``, by its id; from a server that gives none by its id, the branch.

    A server that gives no part of a history is asked for all of it. Raises what `explain` makes of a failure, and
    GitCommandFailed: "repository_too_large" when more than MGX_REPOSITORY_MB come, "commit_gone" when the other side does not
    have it.
    """
    transfer = Transfer(limit(), held, heard)
    failures = []
    for spec, depth in _ways(git_dir, wanted):
        try:
            await _take(remote, git_dir, spec, depth, transfer)
            if not spec.startswith(wanted.sha):
                await _adopt(git_dir, wanted)
            return
        except GitCommandFailed as error:
            if _CUT_OFF.search(error.stderr):
                raise too_large(remote.where.url, f"more than {megabytes(limit())}") from None
            if _UNFOLDS.search(error.stderr):
                raise too_large(remote.where.url, f"more than {megabytes(LARGEST_OBJECT)} for one object") from None
            explained = explain(error, remote.where)
            if explained is not error or error.code == "git_timeout":
                raise explained from None
            failures.append(error)
    if all(map(is_refusal, failures)):
        raise GitCommandFailed(
            f"{remote.where.url} no longer has the commit {wanted.sha}.",
            code="commit_gone",
            stderr=failures[0].stderr,
            hint="Retry the run to start from the current commit. Nothing was lost on this server.",
        )
    raise next(error for error in failures if not is_refusal(error))


def is_refusal(error: GitCommandFailed) -> bool:
    """Whether the other side is the cause: it does not have what was asked for, or does not give it."""
    return _REFUSED.search(error.stderr) is not None


def _ways(git_dir: Path, wanted: Wanted) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What to fetch, in order: a refspec and the options for its depth."""
    depth: int = settings.MGX_HISTORY_DEPTH
    whole = (f"--depth={ALL}",) if is_shallow(git_dir) else ()
    bounded = (f"--depth={depth}",) if depth else whole
    yield f"{wanted.sha}:{wanted.ref}", bounded
    if wanted.branch not in {"", "HEAD"}:
        yield f"refs/heads/{wanted.branch}:refs/mgx/branch", bounded
        if depth:  # it may lie deeper than that by now
            yield f"refs/heads/{wanted.branch}:refs/mgx/branch", (f"--depth={ALL}",)


async def _take(remote: Remote, git_dir: Path, spec: str, depth: tuple[str, ...], transfer: Transfer) -> None:
    shown = "--progress" if transfer.heard else "--quiet"
    for options in (depth, ()) if depth else ((),):
        try:
            await remote.run(
                "fetch", shown, *_OPTIONS, *options, "--", remote.where.url, spec, git_dir=str(git_dir), transfer=transfer
            )
            return
        except GitCommandFailed as error:
            if not options or not _NO_SHALLOW.search(error.stderr):
                raise


async def _adopt(git_dir: Path, wanted: Wanted) -> None:
    """The commit, if fetching the branch brought it. Raises GitCommandFailed."""
    if not await has_commit(git_dir, wanted.sha):
        raise GitCommandFailed(f"The branch {wanted.branch} does not contain {wanted.sha}.", stderr="not our ref")
    await git("update-ref", wanted.ref, wanted.sha, env={"GIT_DIR": str(git_dir)})


def is_shallow(git_dir: Path) -> bool:
    try:
        return (git_dir / "shallow").stat().st_size > 0
    except FileNotFoundError:
        return False


async def has_commit(git_dir: Path, commit: str) -> bool:
    """Whether the commit (an id or a ref) can be read, and the commits before it as far as anything here looks."""
    try:
        await git("rev-list", "--quiet", f"--max-count={MAX_WALKED}", commit, "--", env={"GIT_DIR": str(git_dir)})
    except GitCommandFailed:
        return False
    return True
