"""A whole-file edit is written in the manner of the file it replaces: line ends, byte order mark, final newline."""

from __future__ import annotations

import codecs
from collections import Counter

from agent.matching import ends, opcodes

DIFF_CELLS = 4_000_000
"""Above this product of differing lines counting replaces matching, which is quadratic."""


class NotText(ValueError):
    """The existing file is not UTF-8 text, so replacing it by text would destroy it."""


def in_manner_of(existing: bytes | None, content: str) -> bytes:
    """The bytes to write for ``content`` (``\\n`` line ends). Raises ``NotText``."""
    if not existing:
        return content.encode("utf-8")
    if b"\0" in existing:
        raise NotText("it is a binary file")
    try:
        old = existing.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotText(f"it is not UTF-8 text (byte {error.start})") from error
    if content:
        content = _ending_like(old, content)
    crlf = old.count("\r\n")
    if crlf and crlf * 2 > old.count("\n"):
        content = content.replace("\r\n", "\n").replace("\n", "\r\n")
    raw = content.encode("utf-8")
    if existing.startswith(codecs.BOM_UTF8) and not raw.startswith(codecs.BOM_UTF8):
        raw = codecs.BOM_UTF8 + raw
    return raw


def line_counts(old: bytes, new: bytes) -> tuple[int, int]:
    """Lines added and removed from ``old`` to ``new``."""
    before, after = old.splitlines(), new.splitlines()
    start, end = ends(before, after)
    before, after = before[start : len(before) - end], after[start : len(after) - end]
    if len(before) * len(after) > DIFF_CELLS:
        return (Counter(after) - Counter(before)).total(), (Counter(before) - Counter(after)).total()
    same = sum(to - at for kind, at, to, _, _ in opcodes(before, after) if kind == "equal")
    return len(after) - same, len(before) - same


def _ending_like(old: str, content: str) -> str:
    """A manifest can't say how many newlines end a file, so the existing file does."""
    plain = old.replace("\r\n", "\n")
    body = plain.rstrip("\n")
    return content.rstrip("\n") + plain[len(body) :] if body else content
