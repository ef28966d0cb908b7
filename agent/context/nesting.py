"""Definitions of a file by lines, each below those that enclose it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent.symbols.tags import Definition

MAX_DEPTH = 6
MAX_SHOWN = 100
"""Characters of a signature."""


def by_line(definitions: Iterable[Definition]) -> dict[int, Definition]:
    """Where one line defines several names, the first of them."""
    found: dict[int, Definition] = {}
    for definition in definitions:
        found.setdefault(definition.line, definition)
    return found


def enclosing(definition: Definition, lines: dict[int, Definition]) -> list[Definition]:
    """Those around ``definition``, outermost first."""
    around: list[Definition] = []
    while definition.inside in lines and len(around) < MAX_DEPTH:
        definition = lines[definition.inside]
        around.append(definition)
    return around[::-1]


def around_line(line: int, definitions: Sequence[Definition]) -> Definition | None:
    """The innermost definition that ``line`` belongs to."""
    holding = (found for found in definitions if found.line <= line <= found.end)
    return max(holding, key=lambda found: found.line, default=None)


def shown(definition: Definition, depth: int) -> str:
    """A line of a map or outline."""
    return f"{definition.line}: {'  ' * depth}{definition.signature.strip().removesuffix(':')[:MAX_SHOWN]}"
