"""Data inside prompts: a named block whose end tag the data can't forge, because it carries a digest of the data."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left


def block(name: str, text: str) -> str:
    """``text`` as a block that the prompts refer to by ``name`` (a word)."""
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"<{name} {mark}>\n{text}\n</{name} {mark}>"


def read_block(prompt: str, name: str) -> str:
    """The text of the first block ``name`` in ``prompt``, or "" when there is none."""
    ends: dict[str, list[int]] = {}
    for end in re.finditer(rf"\n</{name} ([0-9a-f]{{8}})>", prompt):
        ends.setdefault(end[1], []).append(end.start())
    for start in re.finditer(rf"<{name} ([0-9a-f]{{8}})>\n", prompt):
        places = ends.get(start[1], [])
        at = bisect_left(places, start.end())
        if at < len(places):
            return prompt[start.end() : places[at]]
    return ""
