"""Records a command on a terminal as an SVG whose lines appear as they did: `python docs/terminal_recording.py OUT COMMAND…`.

Only what was printed is in it, with the terminal's colours. Waits are shortened to a second, and the directory that it
ran in is shown as ~.
"""

from __future__ import annotations

import os
import pty
import re
import sys
import time
from html import escape
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.style import Style
from rich.text import Text

COLUMNS, ROWS, CHAR, LINE = 110, 200, 7.8, 18
LONGEST_WAIT = 1.0
"""Seconds between two lines, at most."""
COLOURS = {
    "red": "#ff7b72",
    "green": "#7ee787",
    "yellow": "#e3b341",
    "blue": "#79c0ff",
    "cyan": "#76e3ea",
    "magenta": "#d2a8ff",
}
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-HJKSTfhlnsu]|\x1b[=>]")
"""Sequences that move the cursor or erase; those of colours stay."""
SPINNER = re.compile("(?:\x1b\\[[0-9;]*m)*[\u2800-\u28ff]")
"""The status line, where it was left for a moment."""


def record(command: list[str]) -> list[tuple[float, str]]:
    """(seconds since the line before, line) of everything that the command prints on a terminal."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS=str(COLUMNS), LINES=str(ROWS))
        os.execvp(command[0], command)
    lines, pending, last = [], "", time.monotonic()
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # EIO: the command has ended
            break
        pending += chunk.decode("utf-8", "replace")
        *whole, pending = pending.split("\n")
        for line in whole:
            now = time.monotonic()
            # what was drawn over is gone: the status line, which is erased before each line
            shown = CONTROL.sub("", line.rstrip("\r").rpartition("\x1b[2K")[2].rpartition("\r")[2])
            if not SPINNER.match(shown):
                lines.append((now - last, shown.replace(str(Path.cwd()), "~")))
                last = now
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        sys.exit(f"{command[0]} ended with {code}")
    return lines


def svg(title: str, lines: list[tuple[float, str]]) -> str:
    at, rows = 0.0, []
    for number, (wait, line) in enumerate(lines):
        at += min(wait, LONGEST_WAIT)
        spans = "".join(_spans(next(iter(AnsiDecoder().decode(line)), Text())))
        rows.append(f'<text y="{number * LINE + 58}" style="animation-delay:{at:.1f}s">{spans}</text>')
    width, height = COLUMNS * CHAR + 32, len(lines) * LINE + 70
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img" aria-label="{escape(title)}">'
        "<style>text{font:13px ui-monospace,Menlo,Consolas,monospace;fill:#e6edf3;white-space:pre;opacity:0;"
        "animation:show .01s forwards}@keyframes show{to{opacity:1}}.t{opacity:1;animation:none;fill:#8b949e}"
        "@media(prefers-reduced-motion:reduce){text{opacity:1;animation:none}}</style>"
        f'<rect width="100%" height="100%" rx="10" fill="#0d1117"/><text class="t" x="16" y="26">$ {escape(title)}</text>'
        f'<g transform="translate(16)">{"".join(rows)}</g></svg>\n'
    )


def _spans(text: Text) -> list[str]:
    """One element for each run of a style, at its column, whatever font is there."""
    found = []
    for start, end, style in _runs(text):
        colour = COLOURS.get(style.color.name.removeprefix("bright_")) if style and style.color else None
        marks = f' fill="{colour}"' if colour else ""
        marks += ' font-weight="bold"' if style and style.bold else ""
        marks += ' opacity=".6"' if style and style.dim else ""
        if words := text.plain[start:end].rstrip():
            found.append(f'<tspan x="{start * CHAR:.1f}"{marks}>{escape(words)}</tspan>')
    return found


def _runs(text: Text) -> list[tuple[int, int, Style | None]]:
    cuts = sorted({0, len(text.plain), *(edge for span in text.spans for edge in (span.start, span.end))})
    shown = [(span.start, span.end, span.style) for span in text.spans if isinstance(span.style, Style)]
    styles = [next((style for first, last, style in shown if first <= start < last), None) for start in cuts[:-1]]
    return list(zip(cuts, cuts[1:], styles, strict=False))


if __name__ == "__main__":
    out, *command = sys.argv[1:]
    shown = " ".join(f'"{word}"' if " " in word else Path(word).name if at == 0 else word for at, word in enumerate(command))
    Path(out).write_text(svg(shown, record(command)), "utf-8")
