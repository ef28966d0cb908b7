"""The live timeline on stderr: a line per event and, on a terminal, a status line while the run works."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.text import Text

from mgx_cli.output import has_colour, one_line
from mgx_cli.render import QUIET, Line, event_lines
from mgx_cli.wrap import HANGING, LEAST_WIDTH


class Timeline:
    """Use as a context manager; ``ask`` hides the status line while the person types."""

    def __init__(self, *, verbose: bool = False) -> None:
        self.verbose = verbose
        self._console = Console(
            stderr=True, highlight=False, soft_wrap=True, color_system="auto" if has_colour(sys.stderr) else None, emoji=False
        )
        self._status: Status | None = None
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._status = self._console.status("connecting", spinner="dots")

    def __enter__(self) -> Timeline:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._status is not None:
            self._status.stop()

    def show(self, event: Mapping[str, Any]) -> None:
        if event.get("type") == "progress":
            self.state(_progress(event))
        if event.get("type") in QUIET and not self.verbose:
            return
        self.lines(event_lines(event, verbose=self.verbose))

    def lines(self, lines: Iterable[Line]) -> None:
        for line in lines:
            for part in self._wrapped(Text.assemble(*line)):
                self._console.print(part)

    def state(self, text: str) -> None:
        """The text of the status line."""
        if self._status is not None:
            self._status.update(Text(one_line(text, 100)))

    def _wrapped(self, text: Text) -> Iterator[Text]:
        found, width = HANGING.match(text.plain), self._console.width
        indent = found.end() if found else 0
        if not self._console.is_terminal or text.cell_len <= width or width - indent < LEAST_WIDTH:
            yield text
            return
        first, *rest = text[indent:].wrap(self._console, width - indent)
        yield text[:indent] + first
        yield from (Text(" " * indent) + more for more in rest)

    def trouble(self, text: str) -> None:
        self.lines([[(one_line(text), "yellow")]])

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leaves the terminal to another program, such as an editor."""
        if self._status is not None:
            self._status.stop()
        yield
        if self._status is not None:
            self._status.start()

    def ask(self, question: str) -> str:
        """Reads a line. Raises ``EOFError`` at the end of the input."""
        if self._status is not None:
            self._status.stop()
        self._console.print(Text(question, "bold"), end=" ")
        answer = _read_line()
        if not answer:
            raise EOFError
        if self._status is not None:
            self._status.start()
        return answer.strip()


def _read_line() -> str:
    """Reads a line from the terminal. Ctrl-C is noticed even if it comes just before the wait begins."""
    if os.name == "posix":
        while not select.select([sys.stdin], [], [], 0.2)[0]:
            pass
    return sys.stdin.readline()


def _progress(event: Mapping[str, Any]) -> str:
    data = event.get("data") or {}
    step, total = data.get("step"), data.get("total_steps")
    counted = f" {step}/{total}" if step and total else ""
    return f"{data.get('phase') or 'working'}{counted}  {event.get('message') or ''}"
