"""Determines the repository of a task: a directory or an address, checked with git (`git_answers`) and never changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mgx_cli import git_answers
from mgx_cli.config import PROJECT_FILE
from mgx_cli.errors import UsageError
from mgx_cli.output import one_line

_REMOTE = re.compile(r"^(https?|ssh|git)://|^[\w.-]+@[\w.-]+:")
_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*/[\w.-]+", re.ASCII)
SHOWN = 5


@dataclass(frozen=True)
class TaskLocation:
    """``url`` is for the server; ``path`` is set where it is a directory here; ``create`` makes a new project of it.

    ``named``: ``url`` is the name of a linked repository, such as octocat/shop. ``assumed``: nobody named this empty directory.
    """

    url: str
    path: Path | None = None
    create: bool = False
    allow_dirty: bool = False
    named: bool = False
    assumed: bool = False


def choose(*, repo: str | None, new: Path | None, cwd: Path, allow_dirty: bool) -> TaskLocation:
    """The place given by the flags, or the repository around ``cwd``. Raises ``UsageError`` if it is unclear or not clean."""
    if repo and new:
        raise UsageError("--repo and --new exclude each other. Use --repo for an existing repository, --new for a new project.")
    if new:
        return _new(new)
    if repo and _NAME.fullmatch(repo) and not Path(repo).exists():
        return TaskLocation(repo, named=True)
    if repo:
        return _remote(repo) if _REMOTE.match(repo) else _existing(_local(repo), allow_dirty)
    found = git_answers.ask(cwd, "rev-parse", "--git-dir")
    if found.output is not None:
        return _existing(cwd, allow_dirty)
    if refused := git_answers.refusal(cwd, found.words):
        raise refused
    if not any(entry.name != PROJECT_FILE for entry in cwd.iterdir()):
        return TaskLocation(cwd.resolve().as_uri(), cwd.resolve(), create=True, assumed=True)
    raise UsageError(
        f"{cwd} contains files but is not a git repository.",
        hint="Choose one:\n"
        "  mgx task … --repo PATH|URL   work on an existing repository, or a linked one: --repo octocat/shop\n"
        "  mgx task … --new DIR         create a new project in an empty directory\n"
        "  git init && git add -A && git commit -m start   make this directory a repository first",
    )


def _new(directory: Path) -> TaskLocation:
    path = directory.expanduser().resolve()
    if path.exists() and not path.is_dir():
        raise UsageError(f"--new {directory}: a file with this name exists.")
    if path.is_dir() and any(path.iterdir()) and not _is_unborn(path):
        raise UsageError(
            f"--new {directory}: the directory is not empty.",
            hint="Give an empty or new directory, or use --repo for existing code.",
        )
    return TaskLocation(path.as_uri(), path, create=True)


def _is_unborn(path: Path) -> bool:
    """Whether it contains only a repository without a commit, as `git init` or a refused task leaves it."""
    names = [entry.name for entry in path.iterdir()]
    return names == [".git"] and _git(path, "rev-parse", "--verify", "--quiet", "HEAD") is None


def _remote(address: str) -> TaskLocation:
    parts = urlsplit(address)
    if parts.password or (parts.username and parts.scheme in ("http", "https")):
        raise UsageError(
            "--repo contains a password or token, which would be stored with the task.",
            hint="Give the address without it. The server uses the credential of the repository link.",
        )
    return TaskLocation(address)


def _local(repo: str) -> Path:
    path = Path(unquote(urlsplit(repo).path)) if repo.startswith("file://") else Path(repo).expanduser()
    if not path.is_dir():
        raise UsageError(
            f"--repo {repo}: this directory does not exist.",
            hint="Give a directory, or an address such as https://host/owner/name.git",
        )
    return path


def _existing(directory: Path, allow_dirty: bool) -> TaskLocation:
    bare = git_answers.ask(directory, "rev-parse", "--is-bare-repository")
    if bare.output is None:
        raise git_answers.refusal(directory, bare.words) or UsageError(
            f"{directory} is not a git repository.", hint="Give a repository, or use --new DIR for a new project."
        )
    if bare.output.strip() == "true":
        path = directory.resolve()
        return TaskLocation(path.as_uri(), path)
    top = _git(directory, "rev-parse", "--show-toplevel")
    path = Path((top or str(directory)).rstrip("\n")).resolve()
    changed = _changes(path)
    if _git(path, "rev-parse", "--verify", "--quiet", "HEAD") is None:
        if changed:
            raise UsageError(
                f"The repository {path} has files but no commit yet.", hint="Commit them first: git add -A && git commit"
            )
        return TaskLocation(path.as_uri(), path, create=True)
    if changed and not allow_dirty:
        listed = "".join(f"\n  {one_line(name)}" for name in changed[:SHOWN])
        more = f"\n  and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        raise UsageError(
            f"{path} has changes that are not committed:{listed}{more}",
            hint="The team works from the last commit. Commit or stash the changes, or use --allow-dirty to ignore them.",
        )
    return TaskLocation(path.as_uri(), path, allow_dirty=allow_dirty)


def _changes(path: Path) -> list[str]:
    """Changed, staged and untracked paths; an untracked mgx.yaml is not part of the code."""
    told = git_answers.ask(path, "status", "--porcelain=v1", "-z", "--untracked-files=normal")
    if told.output is None:
        raise git_answers.refusal(path, told.words) or UsageError(
            f"git status failed in {path}.", hint="Run `git status` there and fix what it reports."
        )
    names, fields = [], iter(told.output.split("\0"))
    for field in fields:
        if field:
            names.append(field[3:])
            if field[0] in "RC":
                next(fields, None)
    return [name for name in names if name != PROJECT_FILE]


def _git(directory: Path, *arguments: str) -> str | None:
    return git_answers.ask(directory, *arguments).output
