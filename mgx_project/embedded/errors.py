"""The error of this package. Its text is for the person at the terminal: what failed, where, what to do next."""

from __future__ import annotations

from pathlib import Path


class EmbeddedError(Exception):
    """A server could not be started, reached or stopped.

    ``hint`` says what to do next; ``log`` names the file whose last lines explain the failure, when there is one.
    """

    def __init__(self, detail: str, *, hint: str = "", log: Path | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.log = log

    def __str__(self) -> str:
        return f"{self.detail} {self.hint}".strip()
