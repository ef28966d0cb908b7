"""Reads JSON as models write it: valid JSON as it is, the rest after repair, within fixed bounds."""

from __future__ import annotations

import json
from typing import Any

from json_repair import loads as repaired

from agent.patterns import linear

MAX_BRACES = 5_000
"""So many opening braces are tried in one answer: each costs time, and an answer can be nothing but braces."""
SCANNED = 8
"""So many times its own length is read of an answer in search of objects: then what is left is nothing but beginnings."""
MAX_REPAIRED = 100_000
"""Characters of a text that is repaired; repairing is slow beside reading."""
MAX_DEPTH = 40
"""Of nesting in a text that is repaired: the library recurses."""
AT_LEAST, PER_CHARACTER = 20_000, 20
"""So many characters may be looked at in repairing all pieces of one text, in any case and for each of it; honest ones are
looked at three times. The library looks ahead for some shapes as far as the text goes, again and again."""

_FENCED = linear(r"(?is)```[ \t]*(?:json5?|jsonc|javascript|js|python)?[ \t]*\n?(.*?)(?:```|\z)")
_LONG_NUMBER = linear(r"[0-9]{1000}")
"""Repairing a number takes the square of its length, and Python reads none of more than 4,300 digits."""
_BRACKET = linear(r"[\[\](){}]")
_SMART = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‟": '"', "‘": "'", "’": "'", "\u00a0": " ", "\ufeff": None, "\u200b": None}
)


def objects(text: str) -> list[dict[str, Any]]:
    """The outermost objects that are JSON as they stand, in order."""
    return [data for _, _, data in located(text)]


def located(text: str, *, repeated: bool = False) -> list[tuple[int, int, dict[str, Any]]]:
    """The same, each after the places of its first and behind its last character. ``repeated`` keeps what an object says a
    second time under one key, with ``_`` behind the key."""
    decoder = json.JSONDecoder(object_pairs_hook=_all_said if repeated else None)
    found: list[tuple[int, int, dict[str, Any]]] = []
    start, tried, left = text.find("{"), 0, SCANNED * len(text)
    while start >= 0 and tried < MAX_BRACES and left > 0:
        tried += 1
        try:
            data, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError) as error:
            left -= getattr(error, "pos", len(text)) - start
            start = text.find("{", start + 1)
            continue
        found.append((start, end, data))
        start = text.find("{", end)
    return found


def _all_said(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs[:MAX_BRACES]:
        found[key if found.get(key, value) == value else f"{key}_"] = value
    return found


def mended(text: str) -> list[dict[str, Any]]:
    """The objects in ``text`` after repair, the likeliest first: in fences, from the first brace to the last, to the end."""
    found: list[dict[str, Any]] = []
    work = _Work(text)
    for piece in _pieces(text):
        value = _repair(piece, work)
        found += [entry for entry in (value if isinstance(value, list) else [value]) if isinstance(entry, dict) and entry]
    return found


def value_of(text: str, limit: int) -> Any:
    """``text`` as a JSON value, repaired if necessary; None if that fails, or if it is longer than ``limit`` characters."""
    text = text.strip()
    if len(text) > limit or text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _repair(text, _Work(text))


def _pieces(text: str) -> list[str]:
    pieces = [hit[1] for hit in _FENCED.finditer(text) if "{" in hit[1]]
    first, last = text.find("{"), text.rfind("}")
    if 0 <= first < last:
        pieces.append(text[first : last + 1])
    if first >= 0:
        pieces.append(text[first:])
    return list(dict.fromkeys(piece.strip() for piece in pieces))[:8]


def _repair(text: str, work: _Work) -> Any:
    if len(text) > MAX_REPAIRED or _depth(text) > MAX_DEPTH or _LONG_NUMBER.search(text):
        return None
    for written in (text, text.translate(_SMART)) if text != text.translate(_SMART) else (text,):
        try:
            value = repaired(_Counted(written, work))
        except (ValueError, RecursionError, IndexError, _TooMuchWork):
            continue
        if value not in ("", [], {}):
            return value
    return None


class _TooMuchWork(Exception):
    """The text is looked at again and again."""


class _Work:
    """How many characters may still be looked at."""

    def __init__(self, text: str) -> None:
        self.left = AT_LEAST + PER_CHARACTER * len(text)


class _Counted(str):
    """A text that counts what is looked at of it; the library looks by index and slice."""

    work: _Work

    def __new__(cls, text: str, work: _Work) -> _Counted:
        made = super().__new__(cls, text)
        made.work = work
        return made

    def __getitem__(self, key: Any) -> str:
        found = super().__getitem__(key)
        self.work.left -= len(found)
        if self.work.left < 0:
            raise _TooMuchWork
        return found


def _depth(text: str) -> int:
    """The deepest nesting, counted without regard to strings: an upper bound but for closing brackets in them."""
    depth = deepest = 0
    for bracket in _BRACKET.finditer(text):
        depth = depth + 1 if bracket[0] in "[({" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest
