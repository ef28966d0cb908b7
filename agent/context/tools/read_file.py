"""The tool ``read_file``."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from agent.context import listing
from agent.context.tools import arguments as read
from agent.context.tools.result import Refused, ToolResult, clean, fitting
from agent.ports import JSONObject

MAX_BYTES = 2_000_000
MAX_LINE = 600
MAX_COMPARED = 4_000_000
"""Steps of comparing a path that is not there with those that are: the square of its length for each of them."""


async def read_file(root: Path, arguments: JSONObject) -> ToolResult:
    """Raises ``Refused`` for wrong arguments, lines that the file does not have, and what `load` refuses."""
    path = read.path(arguments)
    start = read.number(arguments, "start", 1)
    end = read.number(arguments, "end", 10_000_000)
    text = load(root, path, await listing.list_files(root))
    lines = text.removesuffix("\n").split("\n")
    if not text:
        return ToolResult(f"{path} is empty.", read={path: text})
    if start > len(lines):
        raise Refused(f"{path} has {len(lines)} lines. Start at one of them.")
    if end < start:
        raise Refused(f'"end" ({end}) must not be less than "start" ({start}).')
    wanted = lines[start - 1 : end]
    shown, whole = fitting(f"{number:>5}| {_cut(line)}" for number, line in enumerate(wanted, start))
    last = start + len(shown) - 1
    head = f"{path}: lines {start}-{last} of {len(lines)}"
    more = f"\nThere is more: continue with start={last + 1}." if last < len(lines) else ""
    complete = whole and start == 1 and last == len(lines) and all(_cut(line) == line for line in wanted)
    return ToolResult(f"{head}\n" + "\n".join(shown) + more, read={path: text} if complete else {})


def load(root: Path, path: str, files: Sequence[str]) -> str:
    """The text of one of ``files``. Raises ``Refused`` for what can't be shown."""
    if not path:
        raise Refused('"path" names the root of the repository. Name a file; list_files shows them.')
    if path not in files:
        if any(name.startswith(path + "/") for name in files):
            raise Refused(f"{path} is a folder. See what is in it with list_files.")
        compared = files[: MAX_COMPARED // len(path) ** 2]
        near = difflib.get_close_matches(path, compared, n=3, cutoff=0.7) or _same_name(path, files)
        hint = f" Did you mean {', or '.join(near)}?" if near else " List what exists with list_files."
        raise Refused(f"There is no file {path} in the repository, or it is ignored.{hint}")
    if (root / path).stat().st_size > MAX_BYTES:
        raise Refused(f"{path} is too large to be read. Find what you need in it with search.")
    try:
        text = (root / path).read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise Refused(f"{path} is not UTF-8 text, so it can't be shown.")
    return text


def _same_name(path: str, files: Sequence[str]) -> list[str]:
    name = path.rpartition("/")[2]
    return [other for other in files if other.rpartition("/")[2] == name][:3]


def _cut(line: str) -> str:
    line = clean(line.removesuffix("\r"))
    return line if len(line) <= MAX_LINE else line[:MAX_LINE] + "… (cut)"
