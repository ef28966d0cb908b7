"""Unified diffs, plain and git's, as tools and models write them.

The format is that of POSIX ``diff -u`` and git's ``diff-format``, with what models make of it: counts that are wrong, headers
without numbers, several edits under one header, names with any prefix.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agent.patch.formats import body, foreign, headings, named_fences, said_lines, starts
from agent.patch.formats.answer_lines import AnswerLines
from agent.patch.formats.fences import is_open_at_end, opener
from agent.patch.formats.paths import NULL, cleaned, git_names, is_same, unquoted
from agent.patch.model import EditsInvalid, FileEdit, Operation, PatchHunk

_EXTENDED = re.compile(
    r"(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to|similarity index|"
    r"dissimilarity index|index) (.*)"
)
SUBMODULE, LINK = "160000", "120000"


@dataclass
class _Draft:
    """A file whose header is being read."""

    line: int
    git: tuple[str, str] | None = None
    old: str | None = None
    new: str | None = None
    extended: dict[str, str] = field(default_factory=dict)
    hunks: list[PatchHunk] = field(default_factory=list)
    binary: bool = False
    hint: str | None = None


class DiffReader:
    """Reads the diffs among the lines of an answer, header by header and hunk by hunk."""

    def __init__(self, answer: AnswerLines) -> None:
        self._answer = answer
        self._lines = _lines(answer)
        self._drafts: list[_Draft] = []

    def starts(self, at: int) -> bool:
        """True when a part of a diff begins at this line, be it one that only goes on with the header above it."""
        line = self._lines[at].removesuffix("\r")
        if starts.of_diff(self._lines, at) or starts.of_old_name(self._lines, at) or line.startswith("@@@"):
            return True
        return self._is_of_header(line) or (bool(self._drafts) and _is_binary(line))

    def step(self, at: int) -> int:
        """Reads what begins at this line; returns the index after it. Raises ``EditsInvalid``."""
        lines, line, drafts = self._lines, self._lines[at].removesuffix("\r"), self._drafts
        if line.startswith("Index: "):
            return self._answer.take(at, at + 1)
        if line.startswith("diff --git "):
            drafts.append(_Draft(at + 1, git=git_names(line[11:])))
            return self._answer.take(at, at + 1)
        if line.startswith("--- ") and starts.of_names(lines, at):
            self._named(at, cleaned(line[4:]), cleaned(lines[at + 1][4:]))
            self._answer.take(at, at + 2)
            return self._bare_body(at + 2)
        if line.startswith("+++ ") and starts.of_names(lines, at):
            self._named(at, None, cleaned(line[4:]))
            return self._answer.take(at, at + 1)
        if starts.of_old_name(lines, at):
            self._named(at, cleaned(line[4:]), None)
            return self._answer.take(at, at + 1)
        if line.startswith("@@@"):
            raise EditsInvalid(
                f"Line {at + 1} is a combined diff of a merge.",
                line=at + 1,
                hint="Send a diff against one version of the file.",
            )
        if line.startswith("@@"):
            return self._hunk(at)
        extended = _EXTENDED.fullmatch(line)
        if extended and self._is_of_header(line):
            drafts[-1].extended[extended[1]] = extended[2]
            return self._answer.take(at, at + 1)
        drafts[-1].binary = True
        return self._answer.take(at, self._after_binary(at + 1))

    def edits(self) -> list[FileEdit]:
        """One edit for each file. Raises ``EditsInvalid``."""
        if not self._drafts:
            return []
        edits = [_edit(draft) for draft in self._drafts]
        nameless = next((edit for edit in edits if not edit.names), None)
        if nameless is not None:
            raise EditsInvalid(
                f"The header at line {nameless.line} names no file.",
                line=nameless.line,
                hint="Start with `--- a/path` and `+++ b/path`.",
            )
        if is_open_at_end(_outside(self._lines)) and not _ends_whole(self._drafts[-1]):
            raise EditsInvalid(
                "The fence around the diff is never closed and its last hunk is shorter than stated: the answer looks cut off.",
                line=self._drafts[-1].line,
                hint="Send the whole diff again.",
            )
        return _joined(edits)

    def _is_of_header(self, line: str) -> bool:
        """True for git's extended header lines, which only a git header can have."""
        last = self._drafts[-1] if self._drafts else None
        return last is not None and last.git is not None and not last.hunks and _EXTENDED.fullmatch(line) is not None

    def _named(self, at: int, old: str | None, new: str | None) -> None:
        """Names belong to the git header above them, or start a file of their own."""
        last = self._drafts[-1] if self._drafts else None
        bare = last is not None and last.old is last.new is None and not last.hunks and not last.binary and last.hint is None
        if last is not None and bare and _fits(last, old, new):
            last.old, last.new = old, new
        else:
            self._drafts.append(_Draft(at + 1, old=old, new=new, hint=self._label(at, old, new)))

    def _label(self, at: int, old: str | None, new: str | None) -> str | None:
        """The path of a ``FILE:`` line above the names, which must be of the same file."""
        said = 0
        for number in self._answer.above(at, 1 + foreign.MAX_SAID):
            line = self._answer.plain[number]
            path = headings.says_file(line)
            if path is None and headings.LABEL.fullmatch(headings.without_emphasis(line.strip())):
                path = next(iter(headings.named(line)), None)
            if path is None and said < foreign.MAX_SAID and said_lines.is_said(line):
                said += 1
                continue
            if path is None:
                return None
            if said and headings.says_file(line) is None:
                return None  # only a FILE line reaches over what is said below it
            self._answer.take(number, number + 1)
            path = cleaned(path)
            known = [name for name in (old, new) if name and name != NULL]
            if known and not any(is_same(path, name) for name in known):
                raise EditsInvalid(
                    f"Line {number + 1} names {path}, and the diff below it {' and '.join(known)}.",
                    line=number + 1,
                    hint="Name each file once, in the lines `--- a/path` and `+++ b/path` of its diff.",
                )
            return path
        return None

    def _hunk(self, at: int) -> int:
        self._under_heading(at)
        if not self._drafts:
            raise EditsInvalid(
                f"The hunk at line {at + 1} names no file.", line=at + 1, hint="Start with `--- a/path` and `+++ b/path`."
            )
        header = self._lines[at].removesuffix("\r")
        hit = starts.NUMBERS.match(header)
        if hit is None:
            prose = header.strip("@ \t")
            anchors = (prose,) if prose.strip(". …") else ()
            return self._add(at, PatchHunk((), anchors=anchors), (None, None))
        start, count, new_start, new_count = (None if part is None else int(part) for part in hit.groups()[:4])
        counts = (1 if count is None else count, 1 if new_count is None else new_count)
        section = hit[5].strip()
        stated = PatchHunk((), start, counts[0], new_start, counts[1], (section,) if section else ())
        return self._add(at, stated, counts)

    def _under_heading(self, at: int) -> None:
        """A hunk below a line that names another file belongs to that one, not to the header before."""
        found, number = headings.above(self._answer, at)
        last = self._drafts[-1] if self._drafts else None
        known = [name for name in (last.hint, last.new, last.old, *(last.git or ())) if name] if last is not None else []
        if not found:
            named_fences.refuse_other_file(self._answer, at, known)
            return
        if len(found) > 1:
            raise EditsInvalid(
                f"Line {number + 1}, above a hunk, names several files.",
                line=number + 1,
                hint="Start the hunks of each file with `--- a/path` and `+++ b/path`.",
            )
        self._answer.take(number, number + 1)
        if not any(is_same(found[0], name) for name in known):
            self._drafts.append(_Draft(number + 1, hint=found[0]))

    def _add(self, at: int, stated: PatchHunk, counts: tuple[int | None, int | None]) -> int:
        found = body.read(self._lines, at + 1, starts.ends_body, counts)
        if found.lines:
            hunk = replace(
                stated, lines=tuple(found.lines), old_bare=found.old_bare, new_bare=found.new_bare, line=at + 1,
                below=found.below,
            )  # fmt: skip
            self._drafts[-1].hunks.append(hunk)
        return self._answer.take(at, max(found.stop, at + 1))

    def _bare_body(self, at: int) -> int:
        """A body directly below the names, with no ``@@`` line at all."""
        if at >= len(self._lines) or self._lines[at][:1] not in (" ", "-", "+") or starts.ends_body(self._lines, at):
            return at
        return self._add(at - 1, PatchHunk(()), (None, None))

    def _after_binary(self, at: int) -> int:
        lines = self._lines
        while at < len(lines) and not starts.ends_body(lines, at) and opener(lines[at]) is None:
            at += 1
        return at


def _lines(answer: AnswerLines) -> list[str]:
    """Lines without line ends; carriage returns stay where only some lines have them, for then they are the file's."""
    lines = answer.raw
    headers = [
        line for at, line in enumerate(lines) if line.startswith(("@@", "--- ", "diff --git ")) and starts.of_diff(lines, at)
    ]
    return answer.plain if headers and all(line.endswith("\r") for line in headers) else lines


def _is_binary(line: str) -> bool:
    if line == "GIT binary patch":
        return True
    return line.endswith(" differ") and (
        (line.startswith("Binary files ") and len(line) >= 20) or (line.startswith("Files ") and " and " in line[6:-7])
    )


def _fits(draft: _Draft, old: str | None, new: str | None) -> bool:
    """False where the names are of another file than a git header that says something by itself, such as a rename."""
    if draft.git is None or not draft.extended:
        return True
    name, told = (old, draft.git[0]) if new in (None, NULL) else (new, draft.git[1])
    tail = told.partition("/")[2] or told
    return f"/{name}".endswith(f"/{tail}") or f"/{tail}".endswith(f"/{name}")


def _outside(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line[:1] not in (" ", "-", "+")]


def _ends_whole(draft: _Draft) -> bool:
    return not draft.hunks or draft.hunks[-1].coherent


def _edit(draft: _Draft) -> FileEdit:
    known = draft.extended
    modes = [known[key] for key in ("old mode", "new mode", "new file mode", "deleted file mode") if key in known]
    modes += known.get("index", "").split(" ")[1:]
    operation = _operation(draft)
    names = [name for name in (draft.new, draft.old, *(reversed(draft.git or ()))) if name and name != NULL]
    if draft.hint:
        names = [draft.hint]
    edit = FileEdit(
        tuple(dict.fromkeys(names)), operation, tuple(draft.hunks), exact=draft.hint is not None, line=draft.line,
        refusal=_refusal(draft, modes), executable=_executable(known),
    )  # fmt: skip
    for kind in ("rename", "copy"):
        if f"{kind} from" in known and f"{kind} to" in known:
            to, source = unquoted(known[f"{kind} to"].strip()), unquoted(known[f"{kind} from"].strip())
            return replace(edit, names=(to,), source_names=(source,), keep_source=kind == "copy", exact=True)
    return edit


def _operation(draft: _Draft) -> Operation:
    if draft.new == NULL or "deleted file mode" in draft.extended:
        return "delete"
    if draft.old == NULL or "new file mode" in draft.extended:
        return "create"
    return "modify"


def _refusal(draft: _Draft, modes: Sequence[str]) -> tuple[str, str] | None:
    if draft.binary:
        return "binary_patch", "a binary file can't be patched; send text files only"
    if SUBMODULE in modes or any(_is_submodule(hunk) for hunk in draft.hunks):
        return "submodule", "it changes the commit of a submodule"
    if LINK in modes:
        return "symlink", "it makes or changes a symbolic link"
    return None


def _is_submodule(hunk: PatchHunk) -> bool:
    return all(re.fullmatch(r"Subproject commit [0-9a-f]{7,64}(-dirty)?", line.text) for line in hunk.lines)


def _executable(known: dict[str, str]) -> bool | None:
    mode = known.get("new mode") or known.get("new file mode")
    return None if mode is None else mode.strip().endswith("755")


def _joined(edits: Sequence[FileEdit]) -> list[FileEdit]:
    """One edit per file: a header that comes again goes on with its file."""
    result: dict[tuple[object, ...], FileEdit] = {}
    hunks: dict[tuple[object, ...], list[PatchHunk]] = {}
    for edit in edits:
        plain = edit.operation == "modify" and not edit.source_names
        key = (frozenset(edit.names), "modify" if plain else len(result))
        before = result.get(key)
        if before is None or before.refusal or edit.refusal:
            result[key if before is None else (*key, len(result))] = edit
        else:
            executable = edit.executable if edit.executable is not None else before.executable
            result[key] = replace(before, executable=executable)
            hunks.setdefault(key, list(before.hunks)).extend(edit.hunks)
    return [replace(edit, hunks=tuple(hunks[key])) if key in hunks else edit for key, edit in result.items()]
