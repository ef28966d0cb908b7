"""The result of the guardrails, in the shape of CONTRACT's guardrail result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class GuardrailFinding:
    """One thing that is wrong: where, what, and what to send instead. ``line`` is 1-based in the file."""

    code: str
    message: str
    hint: str
    path: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.path, self.line) if part is not None)
        return f"[{self.code}] {place + ': ' if place else ''}{self.message} {self.hint}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class SyntaxVerdict:
    """A file that its parser refuses. ``wrong`` False: that parser does not fit the file, so nobody knows."""

    path: str
    wrong: bool
    line: int | None
    reason: str


@dataclass(frozen=True)
class GuardrailResult:
    """``is_valid`` is True when there are no errors; warnings never stop a run."""

    errors: Sequence[GuardrailFinding] = ()
    warnings: Sequence[GuardrailFinding] = ()

    @property
    def is_valid(self) -> bool:
        return not self.errors

    def to_json(self) -> dict[str, Any]:
        return {
            "is_valid": self.is_valid,
            "errors": [finding.to_json() for finding in self.errors],
            "warnings": [finding.to_json() for finding in self.warnings],
        }
