"""Applying edits: everything is checked against the tree before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.patch.manifest import FileBlock, parse_manifest
from agent.patch.paths import folded, unsafe_reason
from agent.patch.result import Action, FileChange, HunkResult, Mode, PatchRefused, PatchResult
from agent.patch.text import NotText, in_manner_of, line_counts
from agent.patch.transaction import Change, commit, recover
from agent.patch.tree import Blocked, Tree

WHOLE_FILE = "whole_file"


@dataclass(frozen=True)
class _Planned:
    shown: FileChange
    change: Change | None = None


def apply_patch(
    root: Path, text: str, *, mode: Mode = "all_or_nothing", dry_run: bool = False, seen: Mapping[str, str] | None = None
) -> PatchResult:
    """Applies the edits in ``text`` (a FILE manifest) to the tree at ``root``.

    ``seen`` maps paths to the SHA-256 (hex) of what the model was shown; a file that differs by now is refused as stale.
    In ``all_or_nothing`` one refused file refuses all: raises ``PatchRefused`` with the result, the tree untouched.
    ``best_effort`` applies the others and says so in the result. A dry run gives the same answer and writes nothing.
    Raises ``ManifestInvalid`` when the text holds no edits, OSError when the disk fails (the tree is as it was before).
    """
    blocks = parse_manifest(text)
    if not dry_run:
        with _own_data(mode):
            recover(root)
    with Tree(root) as tree:
        planned = [_plan(tree, block, problem, seen or {}) for block, problem in _paired(blocks)]
    files = [entry.shown for entry in planned]
    refused = [file for file in files if file.action == "refused"]
    if refused and mode == "all_or_nothing":
        result = PatchResult(False, mode, dry_run, files)
        reasons = " ".join(f"{file.path}: {file.reason}." for file in refused)
        raise PatchRefused(f"The edits were refused, nothing was changed. {reasons}", result, hint="Send corrected files.")
    backup = None
    if not dry_run:
        with _own_data(mode, files):
            backup = commit(root, [entry.change for entry in planned if entry.change is not None])
    return PatchResult(not refused, mode, dry_run, files, backup=backup)


@contextmanager
def _own_data(mode: Mode, files: Sequence[FileChange] = ()) -> Iterator[None]:
    """What stands in the way of the transaction refuses the patch: ``.mgx`` is not ours, or the tree changed meanwhile."""
    try:
        yield
    except Blocked as blocked:
        result = PatchResult(False, mode, False, files, rolled_back=True)
        raise PatchRefused(
            f"Nothing was changed, because {blocked.reason}.", result, hint="Then send the edits again."
        ) from blocked


def digest(data: bytes) -> str:
    """The form of ``seen``'s values."""
    return hashlib.sha256(data).hexdigest()


def _paired(blocks: Sequence[FileBlock]) -> list[tuple[FileBlock, tuple[str, str] | None]]:
    """Each block with the problem (code, reason) that its path has by itself or beside the others'."""
    first: dict[str, str] = {}
    parents = {folded(parent): block.path for block in blocks for parent in _parents(block.path)}
    paired: list[tuple[FileBlock, tuple[str, str] | None]] = []
    for block in blocks:
        problem = None
        reason = unsafe_reason(block.path)
        twin = first.setdefault(folded(block.path), block.path)
        if reason is not None:
            problem = ("unsafe_path", f"the path can't be used because {reason}")
        elif any(entry.path == block.path for entry, _ in paired):
            problem = ("duplicate_path", "the answer holds this file twice")
        elif twin != block.path:
            problem = ("case_collision", f"the answer also holds {twin}, which is the same file where case doesn't count")
        elif folded(block.path) in parents:
            problem = ("path_conflict", f"the answer also holds {parents[folded(block.path)]}, inside of it")
        paired.append((block, problem))
    return paired


def _parents(path: str) -> list[str]:
    names = path.split("/")
    return ["/".join(names[:depth]) for depth in range(1, len(names))]


def _plan(tree: Tree, block: FileBlock, problem: tuple[str, str] | None, seen: Mapping[str, str]) -> _Planned:
    if problem is not None:
        return _refused(block.path, *problem)
    try:
        found = tree.read(block.path)
    except Blocked as blocked:
        return _refused(block.path, blocked.code, f"it can't be written because {blocked.reason}")
    old, permissions = found if found is not None else (None, 0o666 & ~_umask())
    if block.path in seen and (old is None or digest(old) != seen[block.path]):
        what = "was deleted" if old is None else "changed"
        return _refused(block.path, "stale_file", f"it {what} since it was read; read it again")
    try:
        new = in_manner_of(old, block.content)
    except NotText as error:
        return _refused(block.path, "not_text", f"it can't be replaced by text because {error}")
    if new == old:
        return _Planned(FileChange(block.path, "unchanged", (HunkResult(WHOLE_FILE, "already_applied"),)))
    added, removed = line_counts(old or b"", new)
    action: Action = "created" if old is None else "modified"
    shown = FileChange(block.path, action, (HunkResult(WHOLE_FILE, "applied"),), added, removed)
    return _Planned(shown, Change(block.path, old, new, permissions))


def _refused(path: str, code: str, reason: str) -> _Planned:
    hunk = HunkResult(WHOLE_FILE, "refused", reason=reason)
    return _Planned(FileChange(path, "refused", (hunk,), code=code))


def _umask() -> int:
    """The process's umask, read where that needs no change of it (proc(5), status), else the usual 022."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1], 8) for line in status if line.startswith("Umask:"))
    except (OSError, StopIteration):
        return 0o022
