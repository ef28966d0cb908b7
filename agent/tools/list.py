"""The tool ``list``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from agent.context import listing
from agent.ports import JSONObject
from agent.tools import arguments as read
from agent.tools.result import Refused, ToolResult, fitting

DEPTH = 2


async def list_files(root: Path, arguments: JSONObject) -> ToolResult:
    """Raises ``Refused`` for wrong arguments, and for a path that is a file or has no files below it."""
    folder = read.path(arguments, default=".")
    depth = read.number(arguments, "depth", DEPTH, most=10)
    files = await listing.list_files(root)
    inside = [name for name in files if not folder or name.startswith(folder + "/")]
    if folder in files:
        raise Refused(f"{folder} is a file. Read it with read.")
    if not inside:
        raise Refused(f"There are no files in {folder or 'the repository'}." + (" See the root with list." if folder else ""))
    skipped = len(folder) + 1 if folder else 0
    entries: Counter[str] = Counter()
    for name in inside:
        parts = name[skipped:].split("/")
        entries["/".join(parts[:depth]) + ("/" if len(parts) > depth else "")] += 1
    lines = [f"{entry} ({count} files)" if entry.endswith("/") else entry for entry, count in sorted(entries.items())]
    shown, whole = fitting(lines)
    head = f"{folder or 'The repository'}: {len(inside)} files"
    more = "" if whole else f"\n… {len(lines) - len(shown)} more entries: list one of the folders."
    return ToolResult(f"{head}\n" + "\n".join(shown) + more)
