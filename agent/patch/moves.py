"""Renames, copies, deletions and new files of one answer that meet at a path: chains, swaps, a file made again.

An answer says what becomes of the tree as it was, as git's diffs do: ``a`` to ``b`` with ``b`` to ``c`` moves both. Only where
a file is not there before does a name mean what an earlier edit of the answer makes. What remains unclear is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from agent.patch.locate import PREFIXES
from agent.patch.model import FileEdit
from agent.patch.paths import folded, unsafe_reason
from agent.patch.placement import Refusal

Problem = tuple[str, str]
"""Code and reason."""


def joined(edits: Sequence[FileEdit], exists: Callable[[str], bool]) -> list[FileEdit]:
    """``edits`` with those made one that are about one file under its old and its new name."""
    if not any(_is_rename(edit) for edit in edits):
        return list(edits)
    result: list[FileEdit] = []
    arrived: dict[str, int] = {}
    leaving: dict[str, int] = {}
    changed: dict[str, int] = {}
    for edit in edits:
        place = _about(edit, arrived, leaving, exists)
        if place is not None:
            before = result[place]
            names = edit.names if _is_rename(edit) else before.names
            result[place] = replace(before, names=names, hunks=(*before.hunks, *edit.hunks))
        elif _is_rename(edit) and edit.source_names[0] in changed:
            place = changed[edit.source_names[0]]
            result[place] = replace(edit, hunks=(*result[place].hunks, *edit.hunks))
        else:
            place = len(result)
            result.append(edit)
        if _is_rename(edit):
            arrived[edit.names[0]] = place
            leaving.setdefault(edit.source_names[0], place)
        elif _is_change(edit):
            changed.update((name, place) for given in edit.names for name in _spellings(given))
    return result


def _is_rename(edit: FileEdit) -> bool:
    return bool(edit.source_names) and not edit.keep_source and edit.refusal is None


def _is_change(edit: FileEdit) -> bool:
    return edit.operation == "modify" and not edit.source_names and edit.refusal is None and bool(edit.hunks)


def _spellings(name: str) -> list[str]:
    head, _, rest = name.partition("/")
    return [name, rest] if rest and head in PREFIXES else [name]


def _about(edit: FileEdit, arrived: Mapping[str, int], leaving: Mapping[str, int], exists: Callable[[str], bool]) -> int | None:
    """The earlier rename of the file that ``edit`` means: by its new name, which is not in the tree, or by its old one."""
    if _is_rename(edit):
        name = edit.source_names[0]
        return arrived[name] if name in arrived and not exists(name) else None
    if not _is_change(edit):
        return None
    names = [name for given in edit.names for name in _spellings(given)]
    found = {arrived[name] for name in names if name in arrived and not exists(name)}
    found = found or {leaving[name] for name in names if name in leaving and name not in arrived}
    return found.pop() if len(found) == 1 else None


def together(edits: Sequence[FileEdit], paths: Sequence[str | Refusal]) -> tuple[list[FileEdit], list[str | Refusal]]:
    """``edits`` and their ``paths`` with changes of one file made one, such as a diff and a block of it in the same answer."""
    first: dict[str, int] = {}
    parts: dict[int, list[FileEdit]] = {}
    kept: list[int] = []
    for number, (edit, path) in enumerate(zip(edits, paths, strict=True)):
        if isinstance(path, str) and _is_change(edit) and path in first:
            parts[first[path]].append(edit)
            continue
        kept.append(number)
        if isinstance(path, str) and _is_change(edit):
            first[path], parts[number] = number, [edit]
    return [_one(parts.get(number, [edits[number]])) for number in kept], [paths[number] for number in kept]


def _one(parts: Sequence[FileEdit]) -> FileEdit:
    if len(parts) == 1:
        return parts[0]
    executable = next((edit.executable for edit in reversed(parts) if edit.executable is not None), None)
    return replace(parts[0], executable=executable, hunks=tuple(hunk for edit in parts for hunk in edit.hunks))


def problems(edits: Sequence[FileEdit], paths: Sequence[str | Refusal]) -> list[Problem | None]:
    """For each edit the problem that its paths have by themselves or beside the others'."""
    leaving = _leaving(edits, paths)
    kept = [path for edit, path in zip(edits, paths, strict=True) if isinstance(path, str) and edit.operation != "delete"]
    parents = {folded(parent): path for path in kept if unsafe_reason(path) is None for parent in _parents(path)}
    first: dict[str, str] = {}
    taken: set[str] = set()
    left: set[str] = set()
    found: list[Problem | None] = []
    for number, (edit, path) in enumerate(zip(edits, paths, strict=True)):
        if isinstance(path, Refusal):
            found.append((path.code, path.reason))
            continue
        problem = _unsafe(path, edit.source_names)
        for name in (path,) if edit.operation == "delete" else edit.source_names if not edit.keep_source else ():
            problem = problem or (_twice() if name in left or (edit.operation == "delete" and name in taken) else None)
            left.add(name)
        if edit.operation != "delete":
            may_stand = leaving.get(path, number) == number or _arrives(edit)
            problem = problem or (_twice() if path in taken or not may_stand else None)
            problem = problem or _problem(path, first, parents)
            taken.add(path)
        found.append(problem)
    return found


def vacated(edits: Sequence[FileEdit], paths: Sequence[str | Refusal], found: Sequence[Problem | None]) -> frozenset[str]:
    """The paths whose files go away, so that another may come there. ``found`` are the edits' problems."""
    good = [number for number, problem in enumerate(found) if problem is None]
    return frozenset(_leaving([edits[number] for number in good], [paths[number] for number in good]))


def _leaving(edits: Sequence[FileEdit], paths: Sequence[str | Refusal]) -> dict[str, int]:
    """By path the number of the first edit that takes the file from there."""
    found: dict[str, int] = {}
    for number, (edit, path) in enumerate(zip(edits, paths, strict=True)):
        names = edit.source_names if _is_rename(edit) else (path,) if edit.operation == "delete" else ()
        for name in names:
            if isinstance(name, str) and edit.refusal is None:
                found.setdefault(name, number)
    return found


def _arrives(edit: FileEdit) -> bool:
    return bool(edit.source_names) or edit.operation in ("create", "write")


def _unsafe(path: str, sources: Sequence[str]) -> Problem | None:
    reason = unsafe_reason(path)
    if reason is not None:
        return "unsafe_path", f"the path can't be used because {reason}"
    reason = next((reason for name in sources if (reason := unsafe_reason(name))), None)
    return ("unsafe_path", f"its source can't be used because {reason}") if reason else None


def _twice() -> Problem:
    return "duplicate_path", "the answer contains this file twice"


def _problem(path: str, first: dict[str, str], parents: Mapping[str, str]) -> Problem | None:
    twin = first.setdefault(folded(path), path)
    if twin != path:
        return "case_collision", f"the answer also contains {twin}, which is the same file where case is ignored"
    if folded(path) in parents:
        return "path_conflict", f"the answer also contains {parents[folded(path)]}, which is below it"
    return None


def _parents(path: str) -> list[str]:
    names = path.split("/")
    return ["/".join(names[:depth]) for depth in range(1, len(names))]
