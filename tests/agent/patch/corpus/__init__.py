"""Real edits: files of two releases of packages under free licences (LICENSES.txt), as one compressed file of JSON lines.

A line holds package, old_version, new_version, licence, path, the file's text ``before``, and ``edits``: [start, end, lines]
for each range of lines (0-based, divided at newlines) that the newer release replaced by ``lines``.
"""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STORE = Path(__file__).parent / "edits.jsonl.xz"


@dataclass(frozen=True)
class Edit:
    """One file before and after; ``name`` says where it is from."""

    name: str
    path: str
    before: str
    after: str


@cache
def edits() -> tuple[Edit, ...]:
    """All of the corpus, in a fixed order."""
    rows = map(json.loads, lzma.decompress(STORE.read_bytes()).decode().split("\n")[:-1])
    return tuple(
        Edit(f"{row['package']} {row['old_version']}-{row['new_version']}", row["path"], row["before"], _after(row))
        for row in rows
    )


def _after(row: dict[str, object]) -> str:
    lines, taken = str(row["before"]).split("\n"), 0
    result: list[str] = []
    for start, end, new in row["edits"]:  # type: ignore[attr-defined]
        result += [*lines[taken:start], *new]
        taken = end
    return "\n".join([*result, *lines[taken:]])
