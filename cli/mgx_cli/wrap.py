"""Wraps lines of ``render`` on a narrow terminal at words, with a hanging indent."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator

from mgx_cli.output import paint, put
from mgx_cli.render import Line

HANGING = re.compile(r"\d\d:\d\d:\d\d  .{11}|\s*(?:\d+\. |[a-z]+(?: [a-z]+)? {2,}|Plan(?: \(version \d+\))? {2})?")
"""The hanging indent: clock and speaker, or the label of a line below."""
LEAST_WIDTH = 16
"""The minimum width in columns for a hanging indent."""


def put_line(line: Line) -> None:
    """Prints a line of data, wrapped on a terminal."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for part in wrapped(line, width) if width else [line]:
        put("".join(paint(text, style, sys.stdout) for text, style in part).rstrip())


def wrapped(line: Line, width: int) -> Iterator[Line]:
    """Splits ``line`` into parts of at most ``width`` columns, as far as its words allow."""
    plain = "".join(text for text, _ in line)
    found = HANGING.match(plain)
    indent = found.end() if found else 0
    if len(plain) <= width or width - indent < LEAST_WIDTH:
        yield line
        return
    start, taken = 0, 0
    for word in re.finditer(r"\S+", plain[indent:]):
        first, end = word.start() + indent, word.end() + indent
        if end - start + (indent if start else 0) > width and taken:
            yield [*([(" " * indent, "")] if start else []), *_cut(line, start, taken)]
            start = first
        taken = end
    yield [*([(" " * indent, "")] if start else []), *_cut(line, start, len(plain))]


def _cut(line: Line, start: int, end: int) -> Iterator[tuple[str, str]]:
    at = 0
    for text, style in line:
        piece = text[max(0, start - at) : max(0, end - at)]
        if piece:
            yield piece, style
        at += len(text)
