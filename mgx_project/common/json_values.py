"""JSON values that can be stored and read again.

PostgreSQL's jsonb can't hold NUL; orjson writes no lone surrogate, no integer beyond 64 bits and nothing deeper than 254. A
whole float beyond 64 bits comes back from jsonb as such an integer. One row with such a value would break every list it is in.
"""

from __future__ import annotations

from typing import Any

import orjson

MAX_DEPTH = 64
MAX_NUMBER = 2**63 - 1
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def unstorable(value: Any) -> str:
    """What is wrong with a parsed JSON value, as the rest of a sentence; empty when nothing is."""
    waiting = [(value, 1)]
    while waiting:
        found, depth = waiting.pop()
        if isinstance(found, str):
            if "\0" in found:
                return "contains a NUL character (\\u0000), which can't be stored"
        elif isinstance(found, int | float):
            if abs(found) > MAX_NUMBER:
                return "contains a number beyond 64 bits (write it as a string)"
        elif isinstance(found, dict | list):
            if depth > MAX_DEPTH:
                return f"is nested deeper than {MAX_DEPTH} levels"
            parts = [*found, *found.values()] if isinstance(found, dict) else found
            waiting.extend((part, depth + 1) for part in parts)
    return ""


def storable(value: Any) -> Any:
    """A JSON value of our own shape with what programs and models put into it made storable.

    NUL characters and lone surrogates become U+FFFD, integers are clamped to 64 bits.
    """
    try:
        if b"\\u0000" not in orjson.dumps(value):
            return value
    except TypeError:
        pass  # orjson refuses it: it needs the walk
    return _without_unstorable(value)


def _without_unstorable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", REPLACEMENT).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_without_unstorable(key): _without_unstorable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_unstorable(part) for part in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-MAX_NUMBER, min(MAX_NUMBER, value))
    return value
