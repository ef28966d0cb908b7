"""The one place that compiles patterns for text of models, repositories and tools: by RE2, whose time grows with the text alone.

A pattern of ``re`` can take for ever over one hostile line and holds the interpreter meanwhile. RE2 has no look-around and no
back-references; ``\\s``, ``\\w`` and ``\\d`` are ASCII, and flags stand in the pattern, as in ``(?m)``.
"""

from __future__ import annotations

import re
from typing import cast

import re2  # type: ignore[import-untyped]


def linear(pattern: str) -> re.Pattern[str]:
    """The compiled pattern, to be used as one of ``re`` is."""
    return cast("re.Pattern[str]", re2.compile(pattern))
