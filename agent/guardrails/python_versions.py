"""Whether a Python project is for another version of Python than the one whose parser reads its files here."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from agent.documents import Unreadable, read_toml
from agent.guardrails.answer import CheckedAnswer
from agent.patterns import linear

HERE = ".".join(map(str, sys.version_info[:3]))
MAX_SPECIFIER = 200
_SETUP_CFG = linear(r"(?m)^[ \t]*python_requires[ \t]*=[ \t]*([^\n]*)$")
_PINNED = linear(r"\s*(?:python-|cpython-)?(\d{1,4}\.\d{1,4})(?:[.\s]|$)")
_POETRY = linear(r"[\^~]\s*(\d{1,4}(?:\.\d{1,4})?)[\d.]*")
"""A caret or tilde requirement (https://python-poetry.org/docs/dependency-specification/): here only its lower bound counts."""


class PythonVersions:
    """Those that the projects in an answer's tree are for."""

    def __init__(self, answer: CheckedAnswer) -> None:
        self._answer = answer
        self._known: dict[str, bool | None] = {}

    def want_another(self, path: str) -> bool | None:
        """By the nearest manifest above ``path`` that says which Python the project is for; None where none does."""
        above = []
        folder, found = path, None
        while folder:
            folder = folder.rpartition("/")[0]
            above.append(folder)
            if folder in self._known:
                found = self._known[folder]
                break
            if told := next(self._told(f"{folder}/" if folder else ""), ""):
                found = _excludes_this(told)
                break
        self._known |= dict.fromkeys(above, found)
        return found

    def _told(self, folder: str) -> Iterator[str]:
        if text := self._answer.text_of(f"{folder}pyproject.toml"):
            yield from _of_pyproject(text)
        if text := self._answer.text_of(f"{folder}setup.cfg"):
            yield from (said for hit in _SETUP_CFG.finditer(text) if (said := hit[1].strip()))
        # as pyenv and uv read it; names of other implementations say nothing here
        if hit := _PINNED.match(self._answer.text_of(f"{folder}.python-version") or ""):
            yield f"=={hit[1]}.*"


def _excludes_this(told: str) -> bool:
    try:
        wanted = SpecifierSet(_POETRY.sub(lambda hit: f">={hit[1]}", told[:MAX_SPECIFIER]))
    except InvalidSpecifier:
        return False
    return not wanted.contains(HERE, prereleases=True)


def _of_pyproject(text: str) -> Iterator[str]:
    try:
        data = read_toml(text)
    except Unreadable:
        return
    for keys in (("project", "requires-python"), ("tool", "poetry", "dependencies", "python")):
        found: object = data
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, str) and found.strip():
            yield found.strip()
