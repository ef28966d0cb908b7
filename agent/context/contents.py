"""The files that are to be worked on, as a prompt shows them: whole where they fit into their share, else in parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.context.context_budget import UNITS
from agent.context.outline import outline
from agent.context.reading import read
from agent.context.tag_index import Definitions
from agent.token_estimates import estimate_weight

READ_ON = "Only parts of it are shown: `read` the lines that you need, `search` in it."
PARTS_ONLY = "Only parts of it are shown."


@dataclass(frozen=True)
class FileContents:
    """As in ``View``."""

    texts: dict[str, str] = field(default_factory=dict)
    outlines: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)


def read_contents(
    root: Path, paths: Iterable[str], near: Mapping[str, Sequence[int]], definitions: Definitions, tokens: int, *, tools: bool
) -> FileContents:
    """Of regular files under ``root``, together at most ``tokens``. All have the same share, and what the short ones leave of
    theirs is for the long ones. ``near`` are the lines of each that matter, most important first."""
    made = FileContents()
    hint = READ_ON if tools else PARTS_ONLY
    texts: dict[str, str] = {}
    order = []
    for path in paths:
        text, reason = read(root / path, path)
        if text is not None:
            texts[path] = text
            order.append(path)
        elif reason:
            made.hidden[path] = reason
        else:
            made.outlines[path] = f"It has {(root / path).stat().st_size:,} bytes. {hint}"
    left = tokens * UNITS
    weights = {path: estimate_weight(text) for path, text in texts.items()}
    shares: dict[str, int] = {}
    for number, path in enumerate(sorted(order, key=lambda path: weights[path])):
        shares[path] = left // (len(order) - number)
        left -= min(weights[path], shares[path])
    for path in order:
        if weights[path] <= shares[path]:
            made.texts[path] = texts[path]
        else:
            defined, lines = definitions.get(path, ()), near.get(path, ())
            made.outlines[path] = outline(texts[path], defined, lines, shares[path] // UNITS, hint)
    return made
