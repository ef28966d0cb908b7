"""A whole file in the place of one that exists: what must not be written, and what the model left out of it."""

from __future__ import annotations

import re
from dataclasses import replace

from agent.patch.elision import Elided, elisions, restored
from agent.patch.formats import closings
from agent.patch.line_numbers import of_whole
from agent.patch.model import FileEdit

_MAY_SAY_IT = re.compile(
    r"change|histor|news|release|upgrad|migrat|updat|test|fixture|expect|golden|snapshot|sample|output", re.IGNORECASE
)
"""In the names of pages that say what was changed, and of what a program shall print: nothing else was, say both."""


def doubt(edit: FileEdit, old: bytes | None) -> tuple[str, str] | None:
    """Why the content (code, reason) is not the file that was meant; None where nothing speaks against it."""
    if old and not edit.content and not edit.declared:
        return "empty_file", "nothing follows its FILE line, and the file that exists is not empty"
    if not edit.doubts and not edit.remarks:
        return None
    known = frozenset(line.strip() for line in _text(old).split("\n"))
    lost = next((line for line in edit.doubts if line.strip() not in known), None)
    if lost is not None:
        return "mixed_formats", f"its text holds what may be an edit of its own, {lost.strip()[:80]!r}"
    said = next((line for line in edit.remarks if line.strip() not in known), None)
    return None if said is None else ("prose_in_file", f"its text holds what may be said about it, {said.strip()[:80]!r}")


def without_closing(edit: FileEdit, old: bytes | None) -> FileEdit:
    """The edit without a last paragraph that says that nothing else was changed: no page says it of itself but a history, nor
    any text but what a program prints. One that the file has already stays."""
    lines = edit.content.rstrip("\n").split("\n")
    last = lines[-1].strip()
    is_closing = (
        len(lines) > 2 and not lines[-2].strip() and closings.NOTHING_ELSE.fullmatch(closings.SIGNS_BEHIND.sub("", last))
    )
    if not is_closing or _MAY_SAY_IT.search(edit.names[0]) or lines[-1] not in edit.remarks:
        return edit
    if last in map(str.strip, _text(old).split("\n")):
        return edit
    content = "\n".join(lines[:-1]).rstrip("\n") + "\n"
    return replace(edit, content=content, remarks=[line for line in edit.remarks if line != lines[-1]])


def completed(old: bytes | None, content: str, path: str) -> str:
    """``content`` with the lines of ``old`` where it stands for them, and without line numbers that are not the file's.
    Raises ``Elided`` and ``Numbered``."""
    before, now = _text(old).split("\n"), content.split("\n")
    bare = of_whole(before, now, path)
    if bare is not None:
        content, now = "\n".join([*bare, ""]), [*bare, ""]
    lines = restored(before, now, path)
    if lines is not None and [line.rstrip() for line in lines] == [line.rstrip() for line in before]:
        # what was to be changed is then among what was left out
        first = next(elisions(now, path, before))
        raise Elided(first + 1, now[first].strip())
    return content if lines is None else "\n".join(lines)


def gap(content: str, path: str) -> Elided | None:
    """What a new file leaves out, as nothing is there to fill it. Raises ``Numbered``."""
    lines = content.split("\n")
    of_whole((), lines, path)
    found = next(elisions(lines, path), None)
    return None if found is None else Elided(found + 1, lines[found].strip())


def _text(data: bytes | None) -> str:
    """What of a file can be compared; what is not text is refused elsewhere."""
    return (data or b"").decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
