"""The one place that compiles patterns for text of models, repositories and tools: by RE2, in time that grows with the text.

A pattern of ``re`` can take for ever over one hostile line and holds the interpreter meanwhile. RE2 has no look-around and no
back-references; ``\\s``, ``\\w`` and ``\\d`` are ASCII, and flags stand in the pattern, as in ``(?m)``. Each call goes over the
whole text: to find all places, use ``finditer``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, cast

import re2  # type: ignore[import-untyped]

Replacement = str | Callable[[re.Match[str]], str]


def linear(pattern: str) -> re.Pattern[str]:
    """The compiled pattern, to be used as one of ``re`` is."""
    return cast("re.Pattern[str]", _Linear(pattern))


def escape(text: str) -> str:
    """``text`` as a part of a pattern."""
    return str(re2.escape(_encodable(text)))


class _Linear:
    """RE2 reads UTF-8, which half a surrogate pair (from JSON's escapes) has no form in: such characters are read as U+FFFD, so
    that hostile text raises nothing and positions stay what they are. Compiled when it is first used: a process knows some
    hundred patterns, and most use few of them."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    @cached_property
    def _re2(self) -> Any:
        return re2.compile(self.pattern)

    def search(self, text: str) -> re.Match[str] | None:
        return cast("re.Match[str] | None", self._re2.search(_encodable(text)))

    def match(self, text: str) -> re.Match[str] | None:
        return cast("re.Match[str] | None", self._re2.match(_encodable(text)))

    def fullmatch(self, text: str) -> re.Match[str] | None:
        return cast("re.Match[str] | None", self._re2.fullmatch(_encodable(text)))

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        return cast("Iterator[re.Match[str]]", self._re2.finditer(_encodable(text)))

    def findall(self, text: str) -> list[Any]:
        return cast("list[Any]", self._re2.findall(_encodable(text)))

    def split(self, text: str, maxsplit: int = 0) -> list[str]:
        return cast("list[str]", self._re2.split(_encodable(text), maxsplit))

    def sub(self, replacement: Replacement, text: str, count: int = 0) -> str:
        return cast("str", self._re2.sub(replacement, _encodable(text), count))


def _encodable(text: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
