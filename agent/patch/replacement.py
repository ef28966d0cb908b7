"""One replacement in one file, as a tool call gives it: the old text and the new one, not always whole lines."""

from __future__ import annotations

import json

from agent.patch.as_sent import without_surroundings
from agent.patch.bounds import check_edits, check_text
from agent.patch.formats.search_replace import compared
from agent.patch.model import EditsInvalid, FileEdit, PatchHunk
from agent.patch.parse import Edits


def replacement(path: str, old: str, new: str, text: str | None = None) -> Edits:
    """The edit that puts ``new`` in the place of ``old`` in ``path``; an empty ``old`` creates the file.

    ``text`` is the file as it is now, where it can be read: an ``old`` that occurs in it once, and within a line, takes in the
    rest of its lines. Whether and where it fits is the engine's business.
    """
    said = json.dumps({"path": path, "old": old, "new": new}, ensure_ascii=False)
    try:
        check_text(said)
        if not old.strip():
            edit = FileEdit((path,), "create", content=_ended(new), line=1)
        else:
            before, after = old, new
            if text is not None:
                before, after = _whole_lines(*without_surroundings(old, new, text), text)
            hunk = PatchHunk(tuple(compared(_lines(before), _lines(after))), line=1)
            edit = FileEdit((path,), "modify", (hunk,), line=1)
        check_edits([edit])
    except EditsInvalid as invalid:
        return Edits(said, "search_replace", (), invalid)
    return Edits(said, "search_replace", (edit,))


def _whole_lines(old: str, new: str, text: str) -> tuple[str, str]:
    start = text.find(old)
    if start < 0 or text.find(old, start + 1) >= 0:
        return old, new
    end = start + len(old)
    begin = text.rfind("\n", 0, start) + 1
    stop = end if old.endswith("\n") or end == len(text) else text.find("\n", end)
    stop = len(text) if stop < 0 else stop
    before, behind = text[begin:start], text[end:stop]
    return before + old + behind, before + new + behind


def _lines(text: str) -> list[str]:
    """An empty text has no line: what it replaces is removed."""
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else text + "\n"
