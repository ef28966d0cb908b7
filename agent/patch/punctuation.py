"""Typographic characters that models write for plain ones, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

_PLAIN = {
    "'": "‘’‚‛′ʼ`´",
    '"': "“”„‟″«»",
    "-": "‐‑‒–—―−",
    " ": "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "": "\u200b\u200c\u200d\u2060\ufeff\u00ad",
    "...": "…",
}
_TABLE = str.maketrans({char: to for to, chars in _PLAIN.items() for char in chars})


def plain(text: str) -> str:
    """``text`` with quotes, dashes, spaces and the ellipsis in ASCII, and without invisible characters."""
    return text if text.isascii() and "`" not in text else text.translate(_TABLE)


def observed(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """What each typographic character of the hunk's lines (first of each pair) is in the file's (second), where it is always
    the same plain text. A character that the file itself has there is not in it."""
    found: dict[str, str] = {}
    spoiled: set[str] = set()
    for written, real in pairs:
        if len(written) != len(real):
            continue
        for ours, theirs in zip(written, real, strict=True):
            if ours.isascii():
                continue
            if ours == theirs or found.setdefault(ours, theirs) != theirs:
                spoiled.add(ours)
    return {char: to for char, to in found.items() if char not in spoiled}


def carried(added: str, removed: str, real: str) -> str:
    """``added`` with the file's own spelling (``real``) of what it shares with the start and end of ``removed``.

    The hunk replaces ``removed`` by ``added``; the file has ``real``, which differs in punctuation only.
    """
    if removed == real or len(removed) != len(real):
        return added
    start = 0
    while start < min(len(added), len(removed)) and added[start] == removed[start]:
        start += 1
    end = 0
    while end < min(len(added), len(removed)) - start and added[-1 - end] == removed[-1 - end]:
        end += 1
    return real[:start] + added[start : len(added) - end] + (real[len(real) - end :] if end else "")
