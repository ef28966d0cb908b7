"""The files that are to be worked on, as a prompt shows them: whole where they fit into their share, else in parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.context.context_budget import UNITS
from agent.context.outline import excerpt, outline
from agent.context.reading import read
from agent.context.tag_index import Definitions
from agent.token_estimates import estimate_weight

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
    theirs is for the long ones. ``near`` are the lines of each that matter, most important first. With ``tools``, long files
    are shown in no more than the definitions that ``near`` leads to."""
    made = FileContents()
    texts: dict[str, str] = {}
    order = []
    for path in paths:
        text, reason = read(root / path, path)
        if text is not None:
            texts[path] = text
            order.append(path)
        elif reason:
            made.hidden[path] = reason
        elif not tools:
            made.outlines[path] = f"It has {(root / path).stat().st_size:,} bytes. {PARTS_ONLY}"
    left = tokens * UNITS
    weights = {path: estimate_weight(text) for path, text in texts.items()}
    shares: dict[str, int] = {}
    for number, path in enumerate(sorted(order, key=lambda path: weights[path])):
        shares[path] = left // (len(order) - number)
        left -= min(weights[path], shares[path])
    for path in order:
        if weights[path] <= shares[path]:
            made.texts[path] = texts[path]
            continue
        defined, lines, share = definitions.get(path, ()), near.get(path, ()), shares[path] // UNITS
        shown = (
            excerpt(texts[path], defined, lines, share) if tools else outline(texts[path], defined, lines, share, PARTS_ONLY)
        )
        if shown:
            made.outlines[path] = shown
    return made
