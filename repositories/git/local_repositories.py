"""Repositories on this machine's disk: allowed under listed roots only, and a user's checkout is never touched."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

from mgx_project.common.errors import BadRequest, Conflict, NotAllowed, NotFound

from ..errors import GitCommandFailed
from .process import git

OURS = frozenset({".git", ".mgx", "mgx.yaml"})
"""Entries that a directory may contain and still count as empty: our own marks, and the repository we created."""
NOWHERE = "not a git repository (or any "
"""What git says if it found no repository at a path nor above; the same without the rest is said of a broken one."""
MAX_ALTERNATES = 20
SHOWN = 5

_SAFE = {"safe.directory": "*"}


def roots() -> list[Path]:
    """The allowed roots, read again at each call: MGX_LOCAL_ROOTS and the lines of the file MGX_LOCAL_ROOTS_FILE."""
    lines = list(settings.MGX_LOCAL_ROOTS)
    if settings.MGX_LOCAL_ROOTS_FILE:
        with suppress(FileNotFoundError):  # the embedded server makes it when the first directory is allowed
            lines += Path(settings.MGX_LOCAL_ROOTS_FILE).read_text(encoding="utf-8").splitlines()
    return [Path(line.strip()).resolve() for line in lines if line.strip().startswith("/")]


def _inside(path: Path, allowed_roots: list[Path]) -> bool:
    return any(path == root or root in path.parents for root in allowed_roots)


def allowed(location: str) -> Path:
    """The real path behind a `file://` URL or an absolute path. Raises BadRequest, NotAllowed.

    Symbolic links are followed before the roots are compared, so a link can't lead out of them.
    """
    text = location
    if location.startswith("file://"):
        parts = urlsplit(location)
        if parts.netloc not in {"", "localhost"}:
            raise BadRequest(
                "A file:// URL must not contain a host. Write file:///path.", code="bad_repository_name", field="url"
            )
        text = unquote(parts.path)
    if not text.startswith("/") or "\0" in text:
        raise BadRequest("The path of the repository must be absolute.", code="bad_repository_name", field="url")
    try:
        path = Path(text).resolve()
    except (OSError, RuntimeError):
        raise BadRequest(f"{text} can't be resolved: its symbolic links form a loop.", field="url") from None
    _require_inside(path, shown=text)
    return path


def _require_inside(path: Path, *, shown: str) -> None:
    listed = roots()
    if not listed:
        raise NotAllowed(
            f"{shown} is a local path, which this server does not allow.",
            code="local_path_refused",
            hint="Push the repository to a git remote that this server can access, and give its https or ssh URL.",
        )
    if not _inside(path, listed):
        raise NotAllowed(
            f"{shown} is outside the directories that this server may read.",
            code="local_path_refused",
            hint=f"On the embedded server: `mgx allow '{path}'`. Elsewhere add it to MGX_LOCAL_ROOTS and restart the server.",
        )


def path_of(url: str) -> Path | None:
    """The real path behind a local repository's URL, None for a remote. Raises as `allowed` does."""
    return allowed(url) if url.startswith(("/", "file://")) else None


async def _ask(path: Path, *args: str, config: Mapping[str, str] | None = None) -> bytes:
    return await git(*args, cwd=path, config={**_SAFE, **(config or {})}, what=f"git {args[0]} in {path}")


async def check_repository(path: Path) -> None:
    """Checks that ``path`` is the top of a repository (bare, a checkout, a linked worktree) with its objects under the roots.

    Raises NotFound (no such directory, or no repository) or NotAllowed.
    """
    if not await asyncio.to_thread(path.is_dir):
        raise NotFound(f"There is no directory {path}.", code="repository_not_found")
    try:
        out = await _ask(path, "rev-parse", "--is-bare-repository", "--absolute-git-dir", "--git-common-dir", "--show-cdup")
    except GitCommandFailed as error:
        raise await asyncio.to_thread(_no_repository, path, error) from None
    bare, git_dir, common, *up = out.decode(errors="surrogateescape").splitlines()
    # the way up to the top of the work tree; none is told in a bare repository, and outside of the work tree
    top = Path(git_dir) if bare == "true" else path / (up[0] if up else "..")
    await asyncio.to_thread(_check_places, path, top, Path(git_dir), path / common)


def _no_repository(path: Path, error: GitCommandFailed) -> NotFound:
    """A repository that git refuses (a broken line of its configuration, a format that this git does not know) is told in
    git's own words: the person has one, and can put it right."""
    if NOWHERE in error.stderr and not os.path.lexists(path / ".git"):
        return NotFound(
            f"{path} is not a git repository.",
            code="not_a_repository",
            hint="Run `git init` there and commit, or give an empty directory to start a new project in it.",
        )
    return NotFound(
        f"git refuses the repository {path}: {error.detail.partition(' failed: ')[2] or error.detail}",
        code="repository_refused",
        hint=f"Run `git status` in {path} as the user of this server, and fix what it reports.",
    )


def _check_places(path: Path, top: Path, git_dir: Path, common_dir: Path) -> None:
    if top.resolve() != path:
        raise NotFound(f"{path} is inside the repository {top}. Give that path instead.", code="not_a_repository")
    objects = (common_dir / "objects").resolve()
    for place in (git_dir.resolve(), common_dir.resolve(), objects):
        _require_inside(place, shown=f"{path} keeps its data in {place}, which")
    _check_alternates(objects)


def _check_alternates(objects: Path) -> None:
    """Checks that the repository does not borrow objects from outside the roots."""
    waiting, seen = [objects], set[Path]()
    while waiting:
        place = waiting.pop()
        seen.add(place)
        try:
            text = (place / "info" / "alternates").read_text(encoding="utf-8", errors="surrogateescape")
        except (FileNotFoundError, NotADirectoryError):
            continue
        for line in text.splitlines():
            if line and not line.startswith("#"):
                borrowed = (place / line).resolve()
                _require_inside(borrowed, shown=f"The repository borrows objects from {borrowed}, which")
                if borrowed not in seen and len(seen) < MAX_ALTERNATES:
                    waiting.append(borrowed)


async def place_of(path: Path, branch: str) -> Path | None:
    """The checkout of the repository, the main one or a linked worktree, in which ``branch`` is checked out; None if in none.

    Git refuses to move such a branch from outside: the files around it would no longer be those of its commit.
    """
    out = await _ask(path, "worktree", "list", "--porcelain")
    place = ""
    for line in out.decode(errors="surrogateescape").splitlines():
        word, _, rest = line.partition(" ")
        place = rest if word == "worktree" else place
        if word == "branch" and rest == f"refs/heads/{branch}":
            return Path(place)
    return None


def is_checked_out(branch: str, place: Path) -> GitCommandFailed:
    """For a branch that can't be moved because it is checked out in ``place``."""
    return GitCommandFailed(
        f"The branch {branch} is checked out in {place}, and files there are never changed.",
        code="branch_checked_out",
        hint=f"Switch to another branch there: git -C '{place}' switch --detach",
    )


def is_changed(branch: str, path: Path) -> GitCommandFailed:
    return GitCommandFailed(
        f"The branch {branch} is checked out in {path}, where files are changed that are not committed.",
        code="branch_checked_out",
        hint=f"Commit or stash them there: git -C '{path}' stash",
    )


async def uncommitted(path: Path, *, untracked: bool = True) -> list[str]:
    """Changed paths of a checkout and, if wanted, ``untracked`` ones, sorted; empty for a bare repository. ``path`` is the top
    of one of the two (`check_repository`, `place_of`). Changes nothing, runs no filter of it."""
    if not await asyncio.to_thread(os.path.lexists, path / ".git"):
        return []
    also = f"--untracked-files={'normal' if untracked else 'no'}"
    out = await _ask(
        path, "status", "--porcelain=v1", "-z", also, "--ignore-submodules=all", "--no-renames",
        config=await no_filters(path),
    )  # fmt: skip
    found = [(entry[:2], entry[3:]) for entry in out.decode(errors="replace").split("\0") if entry]
    return sorted(name for state, name in found if state != "??" or name.rstrip("/") not in OURS)


async def no_filters(path: Path) -> dict[str, str]:
    """Overrides for the filter programs that the repository's own configuration names."""
    try:
        out = await _ask(path, "config", "--name-only", "-z", "--get-regexp", r"^filter\..*\.(clean|smudge|process|required)$")
    except GitCommandFailed as error:
        if error.stderr:
            raise
        return {}  # exit status 1 without output: there are none
    names = [name for name in out.decode(errors="replace").split("\0") if name]
    return {name: "false" if name.endswith(".required") else "" for name in names}


async def require_committed(path: Path) -> None:
    """Raises Conflict if the checkout has changes that a clone would not contain."""
    changed = await uncommitted(path)
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        raise Conflict(
            f"{path} has uncommitted changes: {', '.join(changed[:SHOWN])}{more}. The run would not see them.",
            code="repository_dirty",
            hint="Commit or stash them (`git stash -u`), or work from the last commit: mgx task --allow-dirty",
        )


def _is_empty(path: Path) -> bool:
    return all(entry.name in OURS for entry in path.iterdir())


def _is_untouched(path: Path) -> bool:
    return (path / ".git").is_dir() and _is_empty(path)


async def _is_unborn(path: Path) -> bool:
    """A repository without a commit on its branch."""
    try:
        await _ask(path, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except GitCommandFailed:
        return True
    return False


async def prepare_new(path: Path) -> None:
    """Makes an empty or absent directory a repository with the branch `main` and nothing in it; a prepared one stays.

    ``path`` comes from `allowed`. Raises Conflict when the directory holds something.
    """
    if await asyncio.to_thread(_make_empty_directory, path):
        await check_repository(path)
        if not await _is_unborn(path):
            raise Conflict(f"{path} is already a repository with commits.", code="directory_not_empty")
        return
    await git("init", "-q", "--template=", "--initial-branch=main", cwd=path, what=f"git init in {path}")


def _make_empty_directory(path: Path) -> bool:
    """Whether there is a repository in it already."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        empty = _is_empty(path)
    except (FileExistsError, NotADirectoryError):
        raise Conflict(f"{path} is a file. A new project needs a directory.", code="directory_not_empty") from None
    except OSError as error:
        raise Conflict(f"{path} can't be used for a new project: {error.strerror}.", code="directory_unusable") from None
    if not empty:
        raise Conflict(
            f"{path} is not empty, so a new project can't be started there.",
            code="directory_not_empty",
            hint="Give an empty directory, or make this one a repository with a first commit.",
        )
    return (path / ".git").exists()


async def publish_new(path: Path, branch: str) -> bool:
    """Checks ``branch`` out in a directory that `prepare_new` made, so that its owner sees the files there.

    Only while nothing else is in it and its own branch has no commit; returns whether it did. Never overwrites a file.
    """
    if not await asyncio.to_thread(_is_untouched, path) or not await _is_unborn(path):
        return False
    await git(
        "checkout", "-q", "--no-recurse-submodules", branch, "--",
        cwd=path, config={**_SAFE, **(await no_filters(path))},
        what=f"git checkout in {path}",
    )  # fmt: skip
    return True
