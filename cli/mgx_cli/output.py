"""Output: data goes to stdout, messages to stderr. Text from elsewhere is cleaned before it is printed to a terminal.

Colour is used only on a terminal, and never when NO_COLOR is set (https://no-color.org) or TERM is ``dumb``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any, TextIO

from mgx_cli.errors import ApiError, CLIError, InterruptedByUser

# Escape sequences of ECMA-48: OSC, then DCS/SOS/PM/APC strings, then CSI, then two-character ones.
_SEQUENCE = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-OQ-WYZ\\`-~]"
)
# What is left of controls, and the marks that reorder text on screen (Trojan Source, CVE-2021-42574).
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}


def clean(text: object) -> str:
    """Untrusted text made safe for a terminal: without escape sequences, and without controls except tab and newline."""
    return _CONTROL.sub("", _SEQUENCE.sub("", str(text)))


def one_line(text: object, width: int | None = None) -> str:
    """``clean`` on a single line, cut to ``width`` characters where one is given."""
    line = " ".join(clean(text).split())
    return line if width is None or len(line) <= width else line[: width - 1] + "…"


def has_colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, stream: TextIO) -> str:
    """``style`` is one or more names of ``_CODES`` separated by spaces."""
    if not style or not has_colour(stream):
        return text
    return f"\x1b[{';'.join(_CODES[name] for name in style.split())}m{text}\x1b[0m"


def fold(text: str, stream: TextIO, taken: int = 0) -> str:
    """``text`` broken at words where a line is wider than the terminal, whose first ``taken`` columns are used already.

    Indented lines are commands to copy: they stay whole.
    """
    if not stream.isatty():
        return text
    width = shutil.get_terminal_size().columns - 1
    lines: list[str] = []
    for line in text.split("\n"):
        room = " " * taken if not lines else ""
        if len(room) + len(line) > width and not line.startswith(" "):
            line = textwrap.fill(
                line, width, initial_indent=room, replace_whitespace=False, break_long_words=False, break_on_hyphens=False
            )[len(room) :]
        lines.append(line)
    return "\n".join(lines)


def say(text: str = "", style: str = "") -> None:
    """Prints a message on stderr."""
    print(paint(text, style, sys.stderr), file=sys.stderr, flush=True)


def put(text: str = "", style: str = "") -> None:
    """Prints a line of data on stdout."""
    print(paint(text, style, sys.stdout), flush=True)


def put_json(document: Any) -> None:
    """Prints an indented JSON document."""
    print(json.dumps(document, indent=2, ensure_ascii=not _takes_unicode()), flush=True)


def put_ndjson(document: Any) -> None:
    """Prints a JSON document on one line, for streams."""
    print(json.dumps(document, separators=(",", ":"), ensure_ascii=not _takes_unicode()), flush=True)


def _takes_unicode() -> bool:
    """Whether stdout can carry every character. JSON escapes what it could not; ``replace`` would lose it."""
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def put_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, styles: Sequence[str] = ()) -> None:
    """Columns as wide as their widest cell; on a terminal the last one takes what is left.

    ``styles`` has one style for each row's first cell.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        before = sum(max(len(row[column]) for row in [list(header), *cells]) + 2 for column in range(len(header) - 1))
        room = max(shutil.get_terminal_size().columns - before, 10)
        cells = [[*row[:-1], one_line(row[-1], room)] for row in cells]
    widths = [max(len(row[column]) for row in [list(header), *cells]) for column in range(len(header))]
    put("  ".join(name.ljust(width) for name, width in zip(header, widths, strict=True)).rstrip(), "bold")
    for number, row in enumerate(cells):
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        if number < len(styles):
            padded[0] = paint(padded[0], styles[number], sys.stdout)
        put("  ".join(padded).rstrip())


def report(error: CLIError, *, as_json: bool = False) -> None:
    """Prints an error: sentences on stderr and, with --json, a problem document on stdout."""
    if as_json:
        put_ndjson({"type": "error", "error": error.to_json()})
    if isinstance(error, InterruptedByUser):
        say(f"\n{clean(error.detail)}")
    else:
        say(f"{paint('error:', 'red bold', sys.stderr)} {fold(clean(error.detail), sys.stderr, 7)}")
    if isinstance(error, ApiError):
        for field, message in error.fields:
            if message not in error.detail:
                say(f"  {one_line(field)}: {one_line(message)}")
    if error.hint:
        say(fold(clean(error.hint), sys.stderr))
    if isinstance(error, ApiError) and error.problem.get("request_id"):
        say(f"request id: {one_line(error.problem['request_id'])}", "dim")


def tolerate_any_text() -> None:
    """Makes a terminal that can't show a character print a question mark instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
