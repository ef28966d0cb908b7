"""Applying edits: everything is checked against the tree before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from agent.patch import moves
from agent.patch.edit_planner import Planned, Planner, refused
from agent.patch.model import FileEdit
from agent.patch.parse import Edits, parse_edits
from agent.patch.paths import unsafe_reason
from agent.patch.placement import Refusal
from agent.patch.result import FileChange, Mode, PatchRejected, PatchResult
from agent.patch.transaction import FileSwap, commit, recover
from agent.patch.tree import Blocked, Tree

MAX_TOLD, MAX_REASON = 30, 2_000
"""Files and characters for each that a refusal's sentence names; the result has them all."""


def apply_patch(
    root: Path,
    text: str,
    *,
    mode: Mode = "all_or_nothing",
    dry_run: bool = False,
    seen: Mapping[str, str] | None = None,
    strict: bool = False,
) -> PatchResult:
    """Parses ``text`` and applies its edits, see ``apply_edits``. Its format is detected: FILE manifest, unified diff,
    SEARCH/REPLACE blocks or patch envelope; ``strict`` allows no prose around them."""
    return apply_edits(root, [parse_edits(text, strict=strict)], mode=mode, dry_run=dry_run, seen=seen)


def apply_edits(
    root: Path,
    edits: Sequence[Edits],
    *,
    mode: Mode = "all_or_nothing",
    dry_run: bool = False,
    seen: Mapping[str, str] | None = None,
) -> PatchResult:
    """Applies ``edits`` to the tree at ``root``, all answers as one patch.

    ``seen`` maps paths to the SHA-256 (hex) of what the model was shown; a file that differs by now is refused as stale.
    In ``all_or_nothing`` one refused edit refuses all: raises ``PatchRejected`` with the result, the tree untouched.
    ``best_effort`` applies the others and says so in the result. A dry run gives the same answer and writes nothing.
    Raises OSError when the disk fails: the tree is as it was before, or it is ``NotTakenBack`` and says what is not.
    """
    _refuse_unreadable(edits, mode, dry_run=dry_run)
    form = edits[0].format or ""
    notes: Sequence[str] = ()
    if not dry_run:
        with _own_data(mode):
            notes = recover(root) or ()
    planned = _planned(root, [file for answer in edits for file in answer.files], seen or {}, mode)
    files = _shown(planned)
    failed = [file for file in files if file.failed]
    if failed and mode == "all_or_nothing":
        result = PatchResult(False, mode, dry_run, files, format=form, notes=notes)
        reasons = " ".join(f"{_shortened(file.path)}: {_shortened(file.reason)}." for file in failed[:MAX_TOLD])
        raise PatchRejected(f"The edits were refused; nothing was changed. {reasons}", result, hint="Send corrected edits.")
    backup = None
    if not dry_run:
        with _own_data(mode, files):
            backup = commit(root, _swaps(planned))
    return PatchResult(not failed, mode, dry_run, files, backup=backup, format=form, notes=notes)


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]} …"


@dataclass(frozen=True)
class After:
    """What a patch would make of one file: its text, None where it is deleted or no UTF-8 text."""

    path: str
    text: str | None
    action: str


def preview(root: Path, edits: Edits) -> tuple[PatchResult, list[After]]:
    """What ``apply_edits`` would answer and write, refusals included. Raises the ``error`` of edits that have one."""
    if edits.error is not None:
        raise edits.error
    planned = _planned(root, edits.files, {}, "all_or_nothing")
    shown = _shown(planned)
    success = not any(file.failed for file in shown)
    result = PatchResult(success, "all_or_nothing", True, shown, format=edits.format or "")
    return result, [_after(change) for change in _swaps(planned)]


def _after(change: FileSwap) -> After:
    action = "deleted" if change.new is None else "created" if change.old is None else "modified"
    try:
        return After(change.path, None if change.new is None else change.new.decode("utf-8"), action)
    except UnicodeDecodeError:
        return After(change.path, None, action)


def digest(data: bytes) -> str:
    """The form of ``seen``'s values."""
    return hashlib.sha256(data).hexdigest()


def _refuse_unreadable(edits: Sequence[Edits], mode: Mode, *, dry_run: bool) -> None:
    for answer in edits:
        if answer.error is not None:
            result = PatchResult(False, mode, dry_run, (), reason=answer.error.detail)
            detail = f"Nothing was changed. {answer.error.detail}"
            raise PatchRejected(detail, result, hint=answer.error.hint) from answer.error


@contextmanager
def _own_data(mode: Mode, files: Sequence[FileChange] = ()) -> Iterator[None]:
    """What stands in the way of the transaction refuses the patch: ``.mgx`` is not ours, or the tree changed meanwhile."""
    try:
        yield
    except Blocked as blocked:
        result = PatchResult(False, mode, False, files, rolled_back=True, reason=blocked.reason)
        raise PatchRejected(
            f"Nothing was changed, because {blocked.reason}.", result, hint="Send the edits again once that is settled."
        ) from blocked


def _planned(root: Path, edits: Sequence[FileEdit], seen: Mapping[str, str], mode: Mode) -> list[Planned]:
    with Tree(root, still=True) as tree:
        edits = moves.joined(edits, lambda path: _is_there(tree, path))
        planner = Planner(tree, seen, 0o666 & ~_umask(), partly=mode == "best_effort")
        # where existing files are shows which prefix the names of new ones have
        order = sorted(range(len(edits)), key=lambda number: edits[number].operation == "create")
        by_number = {number: planner.path_of(edits[number]) for number in order}
        edits, paths = moves.together(edits, [by_number[number] for number in range(len(edits))])
        problems = moves.problems(edits, paths)
        planner.vacated = moves.vacated(edits, paths, problems)
        planned = [
            refused(_named(edit, path), *problem) if problem is not None else planner.plan(edit, str(path))
            for edit, path, problem in zip(edits, paths, problems, strict=True)
        ]
        return _with_room([_writable(tree, entry) for entry in planned], planner.vacated)


def _named(edit: FileEdit, path: str | Refusal) -> str:
    return path if isinstance(path, str) else edit.names[0] if edit.names else ""


def _shown(planned: Sequence[Planned]) -> list[FileChange]:
    """A file that is deleted and made again by one answer is a changed one."""
    deleted = {entry.shown.path: entry.shown for entry in planned if entry.shown.action == "deleted"}
    anew = {entry.shown.path for entry in planned if entry.shown.action == "created" and not entry.shown.source}
    anew &= deleted.keys()
    return [
        replace(file, action="modified", removed=deleted[file.path].removed)
        if file.path in anew and file.action == "created"
        else file
        for file in (entry.shown for entry in planned)
        if file.path not in anew or file.action != "deleted"
    ]


def _is_there(tree: Tree, path: str) -> bool:
    try:
        return unsafe_reason(path) is None and tree.stat(path) is not None
    except (Blocked, OSError):
        return True


def _writable(tree: Tree, entry: Planned) -> Planned:
    """``entry``, or a refusal where the directory of one of its files can't be written in."""
    for change in entry.changes:
        reason = tree.unwritable(change.path)
        if reason is not None:
            return refused(entry.shown.path, "not_writable", f"it can't be written because {reason}")
    return entry


def _with_room(planned: list[Planned], vacated: frozenset[str]) -> list[Planned]:
    """``planned`` with those refused that need the place of a file which stays, as its own edit is refused."""
    gone = {change.path for entry in planned for change in entry.changes if change.new is None}
    coming = {change.path: at for at, entry in enumerate(planned) for change in entry.changes if change.old is None}
    stay = list(vacated - gone)
    while stay:
        at = coming.pop(stay.pop(), None)
        if at is not None:
            stay += [change.path for change in planned[at].changes if change.new is None]
            reason = "the file that is there now stays, as its own edit was refused"
            planned[at] = refused(planned[at].shown.path, "exists", reason)
    return planned


def _swaps(planned: Sequence[Planned]) -> list[FileSwap]:
    """One for each path: where one file goes and another comes, the one takes the other's place. Deletions are first, for
    where case is ignored the new name is the old one's file."""
    found: dict[str, FileSwap] = {}
    for entry in planned:
        for change in entry.changes:
            other = found.get(change.path)
            if other is None:
                found[change.path] = change
                continue
            gone, comes = (other, change) if other.new is None else (change, other)
            found[change.path] = replace(comes, old=gone.old, old_mode=gone.mode)
    return sorted(found.values(), key=lambda change: change.new is not None)


def _umask() -> int:
    """The process's umask, read where that needs no change of it (proc(5), status), else the usual 022."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1], 8) for line in status if line.startswith("Umask:"))
    except (OSError, StopIteration):
        return 0o022
