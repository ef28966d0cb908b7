"""Applying edits: everything is checked against the tree before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.patch.edit_planner import Planned, Planner, refused
from agent.patch.model import FileEdit
from agent.patch.parse import Edits, parse_edits
from agent.patch.paths import folded, unsafe_reason
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
    Raises OSError when the disk fails (the tree is as it was before).
    """
    _refuse_unreadable(edits, mode, dry_run=dry_run)
    form = edits[0].format or ""
    if not dry_run:
        with _own_data(mode):
            recover(root)
    planned = _planned(root, [file for answer in edits for file in answer.files], seen or {}, mode)
    files = [entry.shown for entry in planned]
    failed = [file for file in files if file.failed]
    if failed and mode == "all_or_nothing":
        result = PatchResult(False, mode, dry_run, files, format=form)
        reasons = " ".join(f"{_shortened(file.path)}: {_shortened(file.reason)}." for file in failed[:MAX_TOLD])
        raise PatchRejected(f"The edits were refused; nothing was changed. {reasons}", result, hint="Send corrected edits.")
    backup = None
    if not dry_run:
        with _own_data(mode, files):
            backup = commit(root, [change for entry in planned for change in entry.changes])
    return PatchResult(not failed, mode, dry_run, files, backup=backup, format=form)


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
    shown = [entry.shown for entry in planned]
    success = not any(file.failed for file in shown)
    result = PatchResult(success, "all_or_nothing", True, shown, format=edits.format or "")
    return result, [_after(change) for entry in planned for change in entry.changes]


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
    with Tree(root) as tree:
        planner = Planner(tree, seen, 0o666 & ~_umask(), partly=mode == "best_effort")
        found = [planner.path_of(edit) for edit in sorted(edits, key=lambda edit: edit.operation == "create")]
        by_edit = dict(zip(map(id, sorted(edits, key=lambda edit: edit.operation == "create")), found, strict=True))
        paths = [by_edit[id(edit)] for edit in edits]
        problems = _problems(edits, paths)
        return [
            refused(edit.names[0] if edit.names else "", *problem) if problem is not None else planner.plan(edit, str(path))
            for edit, path, problem in zip(edits, paths, problems, strict=True)
        ]


def _problems(edits: Sequence[FileEdit], paths: Sequence[str | Refusal]) -> list[tuple[str, str] | None]:
    """For each edit the problem (code, reason) that its paths have by themselves or beside the others'."""
    safe = (path for path in paths if isinstance(path, str) and unsafe_reason(path) is None)
    parents = {folded(parent): path for path in safe for parent in _parents(path)}
    first: dict[str, str] = {}
    taken: set[str] = set()
    problems: list[tuple[str, str] | None] = []
    for edit, path in zip(edits, paths, strict=True):
        problem = None
        if isinstance(path, Refusal):
            problem = (path.code, path.reason)
        else:
            for name in (path, *(edit.source_names if not edit.keep_source else ())):
                problem = problem or _problem(name, first, taken, parents)
                taken.add(name)
            for name in edit.source_names:
                reason = unsafe_reason(name)
                problem = problem or (("unsafe_path", f"its source can't be used because {reason}") if reason else None)
        problems.append(problem)
    return problems


def _problem(path: str, first: dict[str, str], taken: set[str], parents: Mapping[str, str]) -> tuple[str, str] | None:
    reason = unsafe_reason(path)
    if reason is not None:
        return "unsafe_path", f"the path can't be used because {reason}"
    twin = first.setdefault(folded(path), path)
    if path in taken:
        return "duplicate_path", "the answer contains this file twice"
    if twin != path:
        return "case_collision", f"the answer also contains {twin}, which is the same file where case is ignored"
    if folded(path) in parents:
        return "path_conflict", f"the answer also contains {parents[folded(path)]}, which is below it"
    return None


def _parents(path: str) -> list[str]:
    names = path.split("/")
    return ["/".join(names[:depth]) for depth in range(1, len(names))]


def _umask() -> int:
    """The process's umask, read where that needs no change of it (proc(5), status), else the usual 022."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1], 8) for line in status if line.startswith("Umask:"))
    except (OSError, StopIteration):
        return 0o022
