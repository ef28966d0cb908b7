"""Where a program holds text of several lines, in which a line that looks like a fence is its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_QUOTES = ('"""', "'''", '"', "`")
_PAIRS = (("/*", "*/"), ("<!--", "-->"), ("(*", "*)"), ("{-", "-}"), ("[[", "]]"), ("#|", "|#"))
_MARKS = (*_QUOTES, *(mark for pair in _PAIRS for mark in pair))
_ENDLESS = re.compile(
    r"<<[-~<]?(?:[\"']?[A-Za-z_]{2}|[ \t][\"']?[A-Z_]{2})|\b[rR]#*\"|^__(?:END|DATA)__|^=\w|[:-][ \t]+[|>][-+\d]*[ \t]*$|"
    r"\$\$",
    re.MULTILINE,
)
"""Here documents, raw strings, blocks of YAML and the like, whose end no mark tells that is the same in all languages."""


class OpenText:
    """Strings and comments of the program whose text begins at ``lines[start]``, as far as their marks tell."""

    def __init__(self, lines: Sequence[str], start: int = 0) -> None:
        self._lines = lines
        self._looked = start
        self._counts: Counter[str] = Counter()
        self._is_endless = False

    def may_hold(self, number: int) -> bool:
        """False where nothing can be open above the line ``number``. Asked for one line after the other, downwards."""
        text = "\n".join(self._lines[self._looked : number])
        self._looked = number
        self._is_endless = self._is_endless or _ENDLESS.search(text) is not None
        for mark in _MARKS:
            self._counts[mark] += text.count(mark)
        is_quoted = any(self._counts[mark] % 2 for mark in _QUOTES)
        return self._is_endless or is_quoted or any(self._counts[start] > self._counts[end] for start, end in _PAIRS)
