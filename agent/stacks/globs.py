"""Globs over repository paths: ``*`` within a name, ``**/`` over any number of directories, ``a|b`` for alternatives.

Standard library matching has no ``**`` before Python 3.13, and ``fnmatch`` lets ``*`` cross a slash.
"""

from __future__ import annotations

import re
from functools import lru_cache

from agent.patterns import escape, linear

KEPT = 1_000
"""Compiled globs; the catalogue has some hundred."""


def matches(glob: str, path: str) -> bool:
    """True when ``path`` (relative, ``/`` between names) fits one of the alternatives of ``glob``; case matters."""
    return _compiled(glob).fullmatch(path) is not None


@lru_cache(KEPT)
def _compiled(glob: str) -> re.Pattern[str]:
    return linear("(?s)" + "|".join(f"(?:{_pattern(part.strip())})" for part in glob.split("|")))


def _pattern(glob: str) -> str:
    pattern, at = "", 0
    while at < len(glob):
        if glob.startswith("**/", at):
            pattern, at = pattern + "(?:[^/]+/)*", at + 3
        elif glob.startswith("**", at):
            pattern, at = pattern + ".*", at + 2
        else:
            char = glob[at]
            pattern, at = pattern + {"*": "[^/]*", "?": "[^/]"}.get(char, escape(char)), at + 1
    return pattern
