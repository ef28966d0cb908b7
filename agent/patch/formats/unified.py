"""Unified diffs, plain and git's, as tools and models write them.

The format is that of POSIX ``diff -u`` and git's ``diff-format``, with what models make of it: counts that are wrong, headers
without numbers, several edits under one header, names with any prefix.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agent.patch.formats import body
from agent.patch.formats.fences import is_open_at_end, opener
from agent.patch.formats.paths import NULL, cleaned, git_names, unquoted
from agent.patch.model import EditsInvalid, FileEdit, Operation, PatchHunk

_NUMBERS = re.compile(r"@@+[ \t]*-(\d{1,9})(?:,(\d{1,9}))?[ \t]+\+(\d{1,9})(?:,(\d{1,9}))?[ \t]*(?:@@+)?(.*)")
_FILE = re.compile(r"(?:#{1,6}[ \t]+)?(?:\*\*)?FILE:")
_EXTENDED = re.compile(
    r"(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to|similarity index|"
    r"dissimilarity index|index) (.*)"
)
_NOISE = re.compile(r"Index: .*|={60,}|_{60,}|Property changes on: .*|Only in .*|\*{3} End .*|diff -.*|\\ .*")
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


def read(text: str, *, strict: bool = False) -> list[FileEdit]:
    """The edits of a diff. Raises ``EditsInvalid``; in ``strict`` reading anything that belongs to no diff is an error."""
    lines = _lines(text)
    drafts: list[_Draft] = []
    at = 0
    while at < len(lines):
        at = _step(lines, at, drafts, strict=strict)
    lost = next((draft for draft in drafts if draft.hint and not draft.hunks), None)
    if lost is not None:
        raise EditsInvalid(
            f"Below {lost.hint} at line {lost.line} there is no hunk.",
            line=lost.line,
            hint="Send one format only, not several.",
        )
    edits = [_edit(draft) for draft in drafts]
    nameless = next((edit for edit in edits if not edit.names), None)
    if nameless is not None:
        raise EditsInvalid(
            f"The header at line {nameless.line} names no file.",
            line=nameless.line,
            hint="Start with `--- a/path` and `+++ b/path`.",
        )
    if not edits:
        raise EditsInvalid("The answer contains no complete diff: no hunk and no git header.", hint="Send a unified diff.")
    if is_open_at_end(_outside(lines)) and not _ends_whole(drafts[-1]):
        raise EditsInvalid(
            "The fence around the diff is never closed and its last hunk is shorter than stated: the answer looks cut off.",
            line=drafts[-1].line,
            hint="Send the whole diff again.",
        )
    return _joined(edits)


def starts_here(lines: Sequence[str], at: int) -> bool:
    """True when a file's or a hunk's header begins at this line."""
    line = lines[at]
    if line.startswith(("diff --git ", "@@ ", "@@\r")) or line.rstrip() == "@@" or _NUMBERS.match(line):
        return True
    return _is_names(lines, at) or line.startswith(("Index: ", "*** End Patch", "*** Begin Patch"))


def _lines(text: str) -> list[str]:
    """Lines without line ends; carriage returns stay where only some lines have them, for then they are the file's."""
    lines = text.removeprefix("\ufeff").split("\n")
    if lines[-1] in ("", "\r"):
        lines.pop()
    headers = [
        line for at, line in enumerate(lines) if line.startswith(("@@", "--- ", "diff --git ")) and starts_here(lines, at)
    ]
    if headers and all(line.endswith("\r") for line in headers):
        lines = [line.removesuffix("\r") for line in lines]
    return lines


def _is_names(lines: Sequence[str], at: int) -> bool:
    line = lines[at]
    if line.startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ "):
        return True
    return line.startswith("+++ ") and at + 1 < len(lines) and lines[at + 1].startswith("@@")


def _step(lines: Sequence[str], at: int, drafts: list[_Draft], *, strict: bool) -> int:
    line = lines[at].removesuffix("\r")
    if line.startswith("diff --git "):
        drafts.append(_Draft(at + 1, git=git_names(line[11:])))
        return at + 1
    if line.startswith("--- ") and _is_names(lines, at):
        _named(drafts, at, cleaned(line[4:]), cleaned(lines[at + 1][4:]))
        return _bare_body(lines, at + 2, drafts[-1])
    if line.startswith("+++ ") and _is_names(lines, at):
        _named(drafts, at, None, cleaned(line[4:]))
        return at + 1
    if line.startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("@@"):
        _named(drafts, at, cleaned(line[4:]), None)
        return at + 1
    if line.startswith("@@@"):
        raise EditsInvalid(
            f"Line {at + 1} is a combined diff of a merge.", line=at + 1, hint="Send a diff against one version of the file."
        )
    if line.startswith("@@"):
        return _hunk(lines, at, drafts)
    extended = _EXTENDED.fullmatch(line)
    if extended and drafts and drafts[-1].git is not None and not drafts[-1].hunks:
        drafts[-1].extended[extended[1]] = extended[2]
        return at + 1
    if drafts and _is_binary(line):
        drafts[-1].binary = True
        return _after_binary(lines, at + 1)
    hint = _hint(line)
    if hint:
        drafts.append(_Draft(at + 1, hint=cleaned(hint)))
        return at + 1
    if strict and line.strip() and not _NOISE.fullmatch(line):
        raise EditsInvalid(f"Line {at + 1} is not part of a diff.", line=at + 1, hint="Send only the diff, without any prose.")
    return at + 1


def _is_binary(line: str) -> bool:
    if line == "GIT binary patch":
        return True
    return line.endswith(" differ") and (
        (line.startswith("Binary files ") and len(line) >= 20) or (line.startswith("Files ") and " and " in line[6:-7])
    )


def _hint(line: str) -> str | None:
    """What a ``FILE:`` line names, decorated or not."""
    head = _FILE.match(line)
    if head is None:
        return None
    name = line[head.end() :].strip(" \t")
    name = name.removesuffix("**") or name
    return name if name and not name[0].isspace() else None


def _named(drafts: list[_Draft], at: int, old: str | None, new: str | None) -> None:
    """Names belong to the git header above them, or start a file of their own."""
    last = drafts[-1] if drafts else None
    if last is not None and last.old is last.new is None and not last.hunks and not last.binary and _fits(last, old, new):
        last.old, last.new = old, new
    else:
        drafts.append(_Draft(at + 1, old=old, new=new))


def _fits(draft: _Draft, old: str | None, new: str | None) -> bool:
    """False where the names are of another file than a git header that says something by itself, such as a rename."""
    if draft.git is None or not draft.extended:
        return True
    name, told = (old, draft.git[0]) if new in (None, NULL) else (new, draft.git[1])
    tail = told.partition("/")[2] or told
    return f"/{name}".endswith(f"/{tail}") or f"/{tail}".endswith(f"/{name}")


def _hunk(lines: Sequence[str], at: int, drafts: list[_Draft]) -> int:
    if not drafts:
        raise EditsInvalid(
            f"The hunk at line {at + 1} names no file.", line=at + 1, hint="Start with `--- a/path` and `+++ b/path`."
        )
    header = lines[at].removesuffix("\r")
    hit = _NUMBERS.match(header)
    if hit is None:
        prose = header.strip("@ \t")
        anchors = (prose,) if prose.strip(". …") else ()
        return _add(lines, at, drafts[-1], PatchHunk((), anchors=anchors), (None, None))
    start, count, new_start, new_count = (None if part is None else int(part) for part in hit.groups()[:4])
    counts = (1 if count is None else count, 1 if new_count is None else new_count)
    section = hit[5].strip()
    stated = PatchHunk((), start, counts[0], new_start, counts[1], (section,) if section else ())
    return _add(lines, at, drafts[-1], stated, counts)


def _add(lines: Sequence[str], at: int, draft: _Draft, stated: PatchHunk, counts: tuple[int | None, int | None]) -> int:
    found = body.read(lines, at + 1, starts_here, counts)
    if found.lines:
        hunk = replace(stated, lines=tuple(found.lines), old_bare=found.old_bare, new_bare=found.new_bare, line=at + 1)
        draft.hunks.append(hunk)
    return max(found.end, at + 1)


def _bare_body(lines: Sequence[str], at: int, draft: _Draft) -> int:
    """A body directly below the names, with no ``@@`` line at all."""
    if at >= len(lines) or lines[at][:1] not in (" ", "-", "+") or starts_here(lines, at):
        return at
    return _add(lines, at - 1, draft, PatchHunk(()), (None, None))


def _after_binary(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and not starts_here(lines, at) and opener(lines[at]) is None:
        at += 1
    return at


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
        declared=draft.git is None or operation != "delete" or bool(draft.hunks),
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
