"""From one edit to one change of the tree: everything is read and checked, nothing is written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agent.patch import whole_files, whole_hunks
from agent.patch.byte_order_mark import MARK
from agent.patch.document import Document
from agent.patch.edit import edit as edit_document
from agent.patch.elision import Elided
from agent.patch.index import EXACT
from agent.patch.line_numbers import Numbered
from agent.patch.locate import Locator
from agent.patch.model import FileEdit, PatchHunk
from agent.patch.nearest import Nearest
from agent.patch.placement import Placement, Refusal
from agent.patch.result import WHOLE_FILE, Action, FileChange, HunkResult
from agent.patch.text import NotText, in_manner_of, line_counts
from agent.patch.transaction import FileSwap
from agent.patch.tree import Blocked, Tree

LADDER = (EXACT, "exact_elsewhere", "trailing_space", "uniform_indentation", "unicode_punctuation", "anchors", WHOLE_FILE)


@dataclass(frozen=True)
class Planned:
    """What will be told of a file, and the changes that make it so. ``reads`` are the paths whose content it rests on."""

    shown: FileChange
    changes: tuple[FileSwap, ...] = ()


class Planner:
    """Plans the edits of one patch against one tree. ``seen`` is that of ``apply_patch``; ``partly`` allows single hunks."""

    def __init__(self, tree: Tree, seen: Mapping[str, str], default_mode: int, *, partly: bool) -> None:
        self._tree = tree
        self._seen = seen
        self._default_mode = default_mode
        self._partly = partly
        self._locator = Locator(tree)
        self.vacated: frozenset[str] = frozenset()
        """Paths from which other edits take the file away, so that a new one may come there."""

    def path_of(self, edit: FileEdit) -> str | Refusal:
        """The path that the edit ends in."""
        if edit.refusal is not None:
            return edit.names[0] if edit.names else ""
        if edit.operation == "create" or edit.source_names:
            return self._locator.new(edit)
        if edit.operation == "write":
            return edit.names[0]
        path = self._locator.existing(edit)
        if isinstance(path, Refusal) and path.code == "missing_file" and _starts_from_nothing(edit):
            return self._locator.new(edit)
        return path

    def plan(self, edit: FileEdit, path: str) -> Planned:
        """``path`` is what ``path_of`` gave, and safe."""
        if edit.refusal is not None:
            return refused(path, *edit.refusal)
        try:
            if edit.source_names:
                return self._move(edit, path)
            found = self._target(path) if edit.operation in ("create", "write") else self._tree.read(path)
        except Blocked as blocked:
            return refused(path, blocked.code, f"it can't be written because {blocked.reason}")
        stale = self._stale(path, found and found[0], edit) if path not in self.vacated or found is not None else None
        if stale is not None:
            return stale
        if edit.operation == "write":
            return self._write(edit, path, found)
        if edit.operation == "create":
            return self._create(edit, path, found)
        if found is None and _starts_from_nothing(edit):
            return self._create(edit, path, found)
        if found is None:
            return refused(path, "missing_file", f"there is no file {path}")
        if edit.operation == "delete":
            return _delete(edit, path, *found)
        return self._modify(edit, path, *found)

    def _target(self, path: str) -> tuple[bytes, int] | None:
        """The file that stands where a new one comes; None where it goes away."""
        return None if path in self.vacated else self._tree.read(path, gone=self.vacated)

    def _stale(self, path: str, old: bytes | None, edit: FileEdit) -> Planned | None:
        if path not in self._seen or (old is not None and hashlib.sha256(old).hexdigest() == self._seen[path]):
            return None
        if old is None:
            return refused(path, "stale_file", "it was deleted since it was read; read it again")
        lost = _no_longer_fitting(edit, old)
        now = f"it changed since it was read (it has {len(old.splitlines())} lines and {len(old)} bytes now)"
        return refused(path, "stale_file", f"{now}; {lost}read it again")

    def _write(self, edit: FileEdit, path: str, found: tuple[bytes, int] | None) -> Planned:
        old, mode = found if found is not None else (None, self._default_mode)
        edit = whole_files.without_closing(edit, old)
        doubt = whole_files.doubt(edit, old)
        if doubt is not None:
            return refused(path, *doubt)
        try:
            new = in_manner_of(old, whole_files.completed(old, edit.content, path))
        except Elided as error:
            return refused(path, "elided_code", error.reason)
        except Numbered as error:
            return refused(path, "unreadable", error.reason)
        except NotText as error:
            return refused(path, "not_text", f"it can't be replaced by text because {error}")
        return _whole(path, old, new, mode)

    def _create(self, edit: FileEdit, path: str, found: tuple[bytes, int] | None) -> Planned:
        content = _new_content(edit)
        if edit.remarks:
            said = f"its text holds what may be said about it, {edit.remarks[0].strip()[:80]!r}"
            return refused(path, "prose_in_file", said)
        if content is None:
            return refused(path, "not_new", "its diff shows lines of an old file, but says that there is none")
        mode = self._default_mode | (0o111 & self._default_mode >> 2 if edit.executable else 0)
        before = self._tree.read(path) if path in self.vacated and edit.executable is None else None
        mode = before[1] if before is not None else mode  # a script that is made again stays one
        if found is not None and found[0]:
            same = found[0].replace(b"\r\n", b"\n").rstrip(b"\n") == content.encode("utf-8", "replace").rstrip(b"\n")
            if same:
                hunk = HunkResult(WHOLE_FILE, "already_applied")
                return Planned(FileChange(path, "unchanged", (hunk,)))
            return refused(path, "exists", "it is meant to be new, but a file with this name and other content exists")
        try:
            gap = whole_files.gap(content, path)
        except Numbered as error:
            return refused(path, "unreadable", error.reason)
        if gap is not None:
            return refused(path, "elided_code", gap.reason)
        if found is not None:
            mode = found[1]
        return _whole(path, found and found[0], content.encode("utf-8"), mode)

    def _move(self, edit: FileEdit, path: str) -> Planned:
        source = edit.source_names[0]
        found, target = self._tree.read(source), self._target(path)
        if found is None:
            if target is not None and not edit.hunks:
                return Planned(FileChange(path, "unchanged", (HunkResult(WHOLE_FILE, "already_applied"),)))
            return refused(path, "missing_file", f"there is no file {source} to copy or move it from")
        if path == source:
            return self._modify(replace(edit, source_names=()), path, *found)
        if target is not None:
            return refused(path, "exists", "a file with this name already exists")
        stale = self._stale(source, found[0], edit)
        if stale is not None:
            return refused(path, "stale_file", stale.shown.reason)
        inner = self._modify(edit, path, *found) if edit.hunks else None
        if inner is not None and any(hunk.status == "refused" for hunk in inner.shown.hunks):
            return Planned(replace(inner.shown, action="refused", code=inner.shown.code or "not_found"))
        new = inner.changes[0].new if inner is not None and inner.changes else found[0]
        mode = _with_bits(found[1], edit.executable)
        shown = inner.shown if inner is not None else FileChange(path, "modified", (HunkResult(WHOLE_FILE, "applied"),))
        action: Action = "created" if edit.keep_source else "renamed"
        changes = [FileSwap(path, None, new, mode)]
        if not edit.keep_source:
            changes.append(FileSwap(source, found[0], None, found[1]))
        return Planned(replace(shown, action=action, source=source, code=""), tuple(changes))

    def _modify(self, edit: FileEdit, path: str, old: bytes, mode: int) -> Planned:
        new_mode = _with_bits(mode, edit.executable)
        if not edit.hunks:
            if edit.executable is None:
                return refused(path, "no_change", "its diff contains no change")
            return _whole(path, old, old, new_mode, old_mode=mode)
        try:
            document = Document.read(old)
            said = whole_hunks.doubt(edit.hunks, path, document.lines)
            if said is not None:
                return refused(path, "prose_in_file", said)
            hunks = whole_hunks.completed(edit.hunks, path, document.lines)
            edited = edit_document(document, hunks, path)
            whole_hunks.check(document.lines, edited.document.lines, path)
            new = edited.document.write(edited.document.lines, edited.document.ends)
        except Elided as error:
            return refused(path, "elided_code", error.reason)
        except Numbered as error:
            return refused(path, "unreadable", error.reason)
        except NotText as error:
            return refused(path, "not_text", f"it can't be edited as text because {error}")
        except ValueError as error:
            return refused(path, "too_large", f"{error}")
        results = _results(document, edit.hunks, edited.found)
        failed = [place for place in edited.found if isinstance(place, Refusal)]
        level = max((result.match_level for result in results), key=_rank)
        if failed and (not self._partly or len(failed) == len(results)):
            return Planned(FileChange(path, "refused", results, match_level=level, code=failed[0].code))
        if new == old and new_mode == mode:
            return Planned(FileChange(path, "unchanged", results, match_level=level, code=failed[0].code if failed else ""))
        added, removed = line_counts(old, new)
        shown = FileChange(path, "modified", results, added, removed, level, failed[0].code if failed else "")
        return Planned(shown, (FileSwap(path, old, new, new_mode, mode),))


def _starts_from_nothing(edit: FileEdit) -> bool:
    """True when the header's numbers say that there was nothing before, though its names don't."""
    numbers = [(hunk.old_start, hunk.old_count, hunk.new_start) for hunk in edit.hunks]
    return edit.operation == "modify" and numbers == [(0, 0, 1)]


def refused(path: str, code: str, reason: str) -> Planned:
    """A file that is left as it is."""
    return Planned(FileChange(path, "refused", (HunkResult(WHOLE_FILE, "refused", reason=reason),), code=code))


def _whole(path: str, old: bytes | None, new: bytes, mode: int, *, old_mode: int | None = None) -> Planned:
    if new == old and (old_mode is None or old_mode == mode):
        return Planned(FileChange(path, "unchanged", (HunkResult(WHOLE_FILE, "already_applied"),)))
    added, removed = line_counts(old or b"", new)
    action: Action = "created" if old is None else "modified"
    shown = FileChange(path, action, (HunkResult(WHOLE_FILE, "applied"),), added, removed)
    return Planned(shown, (FileSwap(path, old, new, mode, old_mode),))


def _delete(edit: FileEdit, path: str, old: bytes, mode: int) -> Planned:
    """A deletion by diff must show the whole file; the envelope's says it in so many words."""
    if edit.hunks:
        try:
            document = Document.read(old)
            edited = edit_document(document, edit.hunks)
        except (NotText, ValueError) as error:
            return refused(path, "not_text", f"it can't be compared with the diff because {error}")
        results = _results(document, edit.hunks, edited.found)
        if any(result.status == "refused" for result in results):
            return Planned(FileChange(path, "refused", results, code="not_found"))
        if edited.document.lines:
            return refused(path, "not_whole", "the diff deletes the file, but the file has more lines than the diff shows")
    elif not edit.declared and old:
        return refused(path, "not_whole", "the diff deletes the file without showing its lines")
    removed = len(old.splitlines())
    shown = FileChange(path, "deleted", (HunkResult(WHOLE_FILE, "applied"),), 0, removed)
    return Planned(shown, (FileSwap(path, old, None, mode),))


def _new_content(edit: FileEdit) -> str | None:
    """A new file's text. Its lines are all added, so that one without the prefix has lost it; None for anything else."""
    if not edit.hunks:
        return edit.content.removeprefix(MARK)
    lines = [line for hunk in edit.hunks for line in hunk.lines]
    counted = len(edit.hunks) == 1 and edit.hunks[0].new_count == len(lines)
    if any(line.tag == "-" for line in lines) and not counted:
        return None
    if lines[-1].tag == "?" and lines[-1].text.strip() and not counted and any(line.tag == "+" for line in lines):
        return None
    text = "".join((line.text if line.tag in "+?" else line.raw) + ("\r\n" if line.cr else "\n") for line in lines)
    text = text.removeprefix(MARK)
    return text.removesuffix("\n").removesuffix("\r") if edit.hunks[-1].new_bare else text


def _with_bits(mode: int, executable: bool | None) -> int:
    """``mode`` executable for those who may read it, or for nobody; git knows no other bits."""
    if executable is None:
        return mode
    return mode | (mode >> 2 & 0o111) if executable else mode & ~0o111


def _results(document: Document, hunks: Sequence[PatchHunk], found: Sequence[Placement | Refusal]) -> tuple[HunkResult, ...]:
    nearest = Nearest(document.lines)
    return tuple(_result(nearest, hunk, place) for hunk, place in zip(hunks, found, strict=True))


def _result(nearest: Nearest, hunk: PatchHunk, place: Placement | Refusal) -> HunkResult:
    if isinstance(place, Placement):
        return HunkResult(place.level, "already_applied" if place.already else "applied", place.offset, line=place.start + 1)
    shown = hunk.alternatives[0] if hunk.alternatives else hunk
    return HunkResult(
        "none", "refused", reason=f"the edit at line {hunk.line} of the answer: {place.reason}", code=place.code,
        candidates=tuple(place.candidates), nearest=nearest.to(shown, place.candidates),
    )  # fmt: skip


def _rank(level: str) -> int:
    return LADDER.index(level) if level in LADDER else len(LADDER)


def _no_longer_fitting(edit: FileEdit, old: bytes) -> str:
    """Which edits don't fit any more, for a file that changed under the model."""
    if not edit.hunks:
        return ""
    try:
        found = edit_document(Document.read(old), edit.hunks).found
    except (NotText, ValueError):
        return ""
    lost = [str(hunk.line) for hunk, place in zip(edit.hunks, found, strict=True) if isinstance(place, Refusal)]
    if not lost:
        return "the lines that the edits change did not; "
    return f"the edits at line {', '.join(lost)} of the answer no longer fit; "
