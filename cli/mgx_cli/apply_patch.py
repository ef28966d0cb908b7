"""Applies a run's diff to a working tree, completely or not at all.

Plain ``git apply``, not ``--3way``: that leaves conflict markers in files, which is half of a change. git itself refuses paths
that leave the repository, lie in ``.git`` or go through a symbolic link; nothing here loosens that.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mgx_cli import git_answers
from mgx_cli.errors import CLIError, UsageError
from mgx_cli.output import one_line

SHOWN = 10
_FAILED = re.compile(r"^error: patch failed: (?P<path>.+):\d+$|^error: (?P<named>.+): (?P<why>[^:]+)$")
# What git apply obeys of a person's configuration would change the bytes that the run delivered.
_GIT = ("-c", "core.fsmonitor=false", "-c", "apply.ignoreWhitespace=no")
_EXACT = ("--whitespace=nowarn",)


class DoesNotApply(CLIError):
    """``conflicts`` are the files that do not fit, as {path, reason}; nothing was written."""

    def __init__(self, detail: str, conflicts: Sequence[dict[str, str]], *, hint: str) -> None:
        super().__init__(detail, hint=hint)
        self.conflicts = list(conflicts)

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "conflicts": self.conflicts}


@dataclass(frozen=True)
class Change:
    """``files`` as {path, added, removed}; ``binary`` are the files of which the diff has only the name."""

    files: list[dict[str, Any]]
    binary: list[str]
    links: list[str]
    """Symbolic links that the diff creates."""


def working_tree(directory: Path) -> Path:
    """The top of the working tree around ``directory``. Raises UsageError if there is none."""
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory.", hint="Give the directory of a git repository with --repo PATH.")
    told = git_answers.ask(directory, "rev-parse", "--show-toplevel")
    top = (told.output or "").rstrip("\n")
    if not top:
        bare = "must be run in a work tree" in told.words
        raise (None if bare else git_answers.refusal(directory, told.words)) or UsageError(
            f"{directory} is not in a working tree of a git repository.",
            hint="Change to the checkout, or give its path: mgx apply RUN --repo PATH",
        )
    return Path(top)


def read_change(top: Path, diff: bytes) -> Change:
    """Raises DoesNotApply for an invalid diff, and for renames and copies, which runs do not produce."""
    numbers, words = _git(top, "apply", "--numstat", "-z", stdin=diff), _git(top, "apply", "--summary", stdin=diff)
    said = words.stdout.decode("utf-8", "replace").splitlines()
    if numbers.returncode or words.returncode or any(line.startswith((" rename ", " copy ")) for line in said):
        reason = one_line(numbers.stderr.decode("utf-8", "replace")) or "it renames or copies files"
        raise DoesNotApply(f"This is not a run's diff: {reason}", [], hint="See it with: mgx diff RUN")
    rows = [row.split("\t", 2) for row in os.fsdecode(numbers.stdout).split("\0") if row]
    return Change(
        [{"path": path, "added": int(added), "removed": int(removed)} for added, removed, path in rows if added != "-"],
        [path for added, _, path in rows if added == "-"],
        [match[1] for line in said if (match := re.match(r" (?:create mode|mode change \d+ =>) 120000 (.+)", line))],
    )


def conflicts(top: Path, diff: bytes, *, reverse: bool) -> list[dict[str, str]]:
    """The reasons why it can't be applied, as {path, reason}; empty if it can."""
    done = _git(top, "apply", "--check", *_EXACT, *_way(reverse), stdin=diff)
    if done.returncode == 0:
        return []
    text = os.fsdecode(done.stderr)
    found: dict[str, str] = {}
    for line in text.splitlines():
        if match := _FAILED.match(line):
            found[match["path"] or match["named"]] = match["why"] or "patch does not apply"
    return [{"path": path, "reason": reason} for path, reason in found.items()] or [{"path": "", "reason": one_line(text)}]


def write(top: Path, diff: bytes, change: Change, *, reverse: bool) -> None:
    """Applies a checked diff. Raises DoesNotApply if git stops in the middle (a full disk, a failing filter).

    All files are restored then.
    """
    before = [_Kept(top / file["path"]) for file in change.files]
    try:
        done = _git(top, "apply", *_EXACT, *_way(reverse), stdin=diff)
        if done.returncode:
            reason = one_line(done.stderr.decode("utf-8", "replace"))
            raise DoesNotApply(
                f"git could not write the change: {reason}", [], hint="All files were restored. Fix the cause and try again."
            )
    except BaseException:
        for kept in before:
            kept.put_back(top)
        raise


class _Kept:
    """The previous state of a path: a file's bytes and mode, a link's target, or nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._target = os.readlink(path) if path.is_symlink() else None
        there = self._target is None and path.is_file()
        self._bytes = path.read_bytes() if there else None
        self._mode = path.stat().st_mode if there else 0

    def put_back(self, top: Path) -> None:
        path = self._path
        if path.is_file() and not path.is_symlink() and self._bytes == path.read_bytes() and self._mode == path.stat().st_mode:
            return
        path.unlink(missing_ok=True)
        if self._target is None and self._bytes is None:
            for parent in path.parents:  # the directories that git created for it
                if parent == top or not parent.is_dir() or any(parent.iterdir()):
                    break
                parent.rmdir()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._target is not None:
            path.symlink_to(self._target)
        elif self._bytes is not None:
            path.write_bytes(self._bytes)
            path.chmod(self._mode)


def _way(reverse: bool) -> tuple[str, ...]:
    return ("--reverse",) if reverse else ()


def _git(directory: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {"LC_ALL": "C"}
    try:
        return subprocess.run(["git", *_GIT, *arguments], cwd=directory, input=stdin, capture_output=True, env=environment)
    except FileNotFoundError as error:
        raise UsageError("git is not installed.", hint="Install git and try again.") from error
