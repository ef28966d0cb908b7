"""Data inside prompts: a named block whose end can't be written by the data itself, because it carries a digest of it."""

from __future__ import annotations

import hashlib
import re


def block(name: str, text: str) -> str:
    """``text`` as a block that the prompts refer to by ``name`` (a word)."""
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"<{name} {mark}>\n{text}\n</{name} {mark}>"


def read_block(prompt: str, name: str) -> str:
    """The text of the first block ``name`` in ``prompt``, or "" when there is none."""
    found = re.search(rf"<{name} ([0-9a-f]{{8}})>\n(.*?)\n</{name} \1>", prompt, re.DOTALL)
    return found[2] if found else ""
