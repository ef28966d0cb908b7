"""The list of files as a prompt shows it: whole where it fits, else with deep folders folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agent.context.context_budget import within

MAX_DEPTH = 12


def tree(files: Sequence[str], tokens: int) -> list[str]:
    """Lines of at most ``tokens`` tokens for sorted ``files``: paths, and ``folder/ (n files)`` for what is folded."""
    if len(within(list(files), tokens)) == len(files):
        return list(files)
    for depth in range(MAX_DEPTH, 0, -1):
        lines = _folded(files, depth)
        if len(within(lines, tokens)) == len(lines):
            return lines
    lines = within(_folded(files, 1), max(0, tokens - 10))
    return [*lines, "… and more"]


def _folded(files: Sequence[str], depth: int) -> list[str]:
    entries: Counter[str] = Counter()
    for path in files:
        parts = path.split("/")
        entries["/".join(parts[:depth]) + ("/" if len(parts) > depth else "")] += 1
    return [f"{entry} ({count} files)" if entry.endswith("/") else entry for entry, count in sorted(entries.items())]
