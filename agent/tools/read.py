"""The tool ``read``: files and ranges of lines, several at once, and lines of what commands have printed."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from agent.context import listing
from agent.context.repomap import definitions_in
from agent.patterns import linear
from agent.ports import JSONObject
from agent.tools import arguments as written
from agent.tools.result import MAX_PIECE, MAX_RESULT, Refused, ToolResult, clean, fitting

MAX_PATHS = 20
MAX_BYTES = 2_000_000
MAX_LINE = 600
MAX_OUTLINE = 5_000
"""Characters of the outline of a file that is too long to be shown."""
LEAST_LEFT = 1_000
"""Characters that must be left in a call for another file to be begun."""
MAX_COMPARED = 4_000_000
"""Steps of comparing a path that is not there with those that are: the square of its length for each of them."""
_RESERVED = 300
_RANGE = linear(r"^(.*?)(?::|#L)(\d{1,8})?(?:(-|:|,|\.\.)L?(\d{1,8})?)?$")
_OUTPUT = linear(r"^@?run\s?(\d{1,4})$")


async def read_files(root: Path, arguments: JSONObject, outputs: Sequence[str], map_cache: Path | None) -> ToolResult:
    """One part for each of ``arguments["paths"]``, in their order; those that can't be shown say why. An error only where none
    can. ``outputs`` are those of the runs so far. Raises ``Refused`` for wrong arguments."""
    wanted = written.paths(arguments, MAX_PATHS)
    reader = _Reader(root, await listing.list_files(root), outputs, map_cache)
    left = MAX_RESULT
    parts: list[str] = []
    shown: dict[str, str] = {}
    refused = 0
    for place in wanted:
        try:
            part, whole = await reader.show(place, min(left, MAX_PIECE))
        except Refused as refusal:
            part, whole, refused = str(refusal), {}, refused + 1
        if len(part) + 1 > left:
            part, whole = f"{place} is not shown: this call is full. Read it in another one.", {}
        parts.append(part)
        shown |= whole
        left -= len(part) + 2
    return ToolResult("\n\n".join(parts), refused == len(wanted), shown)


class _Reader:
    def __init__(self, root: Path, files: Sequence[str], outputs: Sequence[str], map_cache: Path | None) -> None:
        self._root, self._files, self._outputs, self._map_cache = root, files, outputs, map_cache

    async def show(self, place: str, room: int) -> tuple[str, dict[str, str]]:
        """What ``place`` names in about ``room`` characters, and the whole text of a file that is shown in full. Raises
        ``Refused``."""
        name, first, last = (place, None, None) if place in self._files else _range(place)
        if output := _OUTPUT.match(name):
            return _lines(f"@run{output[1]}", self._output(int(output[1])), first or 1, last, room)[0], {}
        path = written.path({"path": name}, default=".")
        text = load(self._root, path, self._files)
        if not text:
            return f"{path} is empty.", {path: text}
        if first is None and len(text) > room - _RESERVED:
            return await self._outline(path, text, room), {}
        said, complete = _lines(path, text, first or 1, last, room)
        return said, {path: text} if complete else {}

    def _output(self, number: int) -> str:
        if not 1 <= number <= len(self._outputs):
            known = f"There are @run1 to @run{len(self._outputs)}." if self._outputs else "Nothing was run here yet."
            raise Refused(f"There is no @run{number}. {known}")
        return self._outputs[number - 1]

    async def _outline(self, path: str, text: str, room: int) -> str:
        lines = text.removesuffix("\n").split("\n")
        if room < MAX_PIECE and room < MAX_OUTLINE + LEAST_LEFT:
            return f"{path} ({len(lines)} lines) is not shown: this call is full. Read it in another one."
        found = (await definitions_in(self._root, [path], self._map_cache)).get(path, ())
        symbols, all_of_them = fitting((f"{entry.line}\t{entry.signature}" for entry in found), limit=MAX_OUTLINE)
        head = [f"{path}: {len(lines)} lines, too long to be shown whole. Read ranges of it: {path}:1-200"]
        if symbols:
            head += ["Its outline:", *symbols] + ([] if all_of_them else [f"… {len(found) - len(symbols)} more definitions."])
        used = sum(len(line) + 1 for line in head)
        return "\n".join(head) + "\n" + _lines(path, text, 1, None, room - used)[0]


def _range(place: str) -> tuple[str, int | None, int | None]:
    """Path, first and last line of ``src/b.py:10-80``, ``:10``, ``:10-``, ``#L10-L80``; None where none is named."""
    hit = _RANGE.match(place)
    if hit is None or not hit[1]:
        return place, None, None
    if not hit[2] and not hit[4]:
        return hit[1], None, None
    first = int(hit[2] or 1)
    last = int(hit[4]) if hit[4] else None if hit[3] else first
    return hit[1], first, last


def _lines(name: str, text: str, first: int, last: int | None, room: int) -> tuple[str, bool]:
    """Lines ``first`` to ``last`` (None: to the end) with their numbers, and whether that is all of the text as it is. Raises
    ``Refused`` for lines that there are not."""
    lines = text.removesuffix("\n").split("\n")
    if first > len(lines) or first < 1:
        raise Refused(f"{name} has {len(lines)} lines. Start at one of them.")
    if last is not None and last < first:
        raise Refused(f"{name}:{first}-{last} ends before it begins. Write the first line first.")
    wanted = lines[first - 1 : last]
    # as `cat -n` does, without its padding: that took a fifth of the tokens
    shown, _ = fitting((f"{number}\t{_cut(line)}" for number, line in enumerate(wanted, first)), limit=room - _RESERVED)
    if not shown:
        return f"{name} is not shown: this call is full. Read it in another one.", False
    end = first + len(shown) - 1
    asked = min(last or len(lines), len(lines))
    more = f"\nThere is more: read {name}:{end + 1}-{min(len(lines), end + len(shown))}." if end < asked else ""
    complete = first == 1 and end == len(lines) and all(_cut(line) == line for line in wanted)
    return f"{name}: lines {first}-{end} of {len(lines)}\n" + "\n".join(shown) + more, complete


def load(root: Path, path: str, files: Sequence[str]) -> str:
    """The text of one of ``files``. Raises ``Refused`` for what can't be shown."""
    if not path:
        raise Refused("That names the root of the repository. Name a file; list shows them.")
    if path not in files:
        if any(name.startswith(path + "/") for name in files):
            raise Refused(f"{path} is a folder. See what is in it with list.")
        compared = files[: MAX_COMPARED // len(path) ** 2]
        near = difflib.get_close_matches(path, compared, n=3, cutoff=0.7) or _same_name(path, files)
        hint = f" Did you mean {', or '.join(near)}?" if near else " See what exists with list."
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
