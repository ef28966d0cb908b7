"""A reason why an answer can't be delivered yet, and how the engineer is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent.excerpts import end_of
from agent.ports import JSONObject
from agent.prompt_blocks import block

ProblemKind = Literal["guardrails", "patch", "tests", "review", "changes"]
MAX_FINDINGS = 30
"""Findings of programs that one prompt names; it says how many more there are. What people said is named whole."""


@dataclass(frozen=True)
class Problem:
    """``findings`` have the shape of a guardrail result's entries; ``output`` is a command's."""

    kind: ProblemKind
    detail: str
    findings: Sequence[JSONObject] = ()
    output: str = ""

    def for_engineer(self, before: Problem | None = None, round: int = 1) -> str:
        """``before`` is what the last revision was asked for: what stayed is named, so that no prompt comes twice."""
        parts = [self.detail]
        if before is not None:
            stayed = sum(finding in before.findings for finding in self.findings)
            same = f"{stayed} of the findings below were reported before" if stayed else "the problem is a different one now"
            parts.append(f"This is revision {round}: {same}. Take a different approach from your last answer.")
        if self.findings:
            parts.append(block("findings", "\n".join(self._named())))
        if self.output:
            parts.append("The end of the output:\n" + block("output", self.output))
        return "\n\n".join(parts)

    def _named(self) -> list[str]:
        named = self.findings if self.kind == "changes" else self.findings[:MAX_FINDINGS]
        more = len(self.findings) - len(named)
        return [*(f"- {line_of(finding)}" for finding in named), *([f"- and {more} more like these"] if more else [])]

    def for_people(self) -> str:
        """One paragraph: what is still missing."""
        first = "; ".join(line_of(finding) for finding in self.findings[:3])
        return " ".join(f"{self.detail} {first} {end_of(self.output, 600)}".split())


def line_of(finding: JSONObject) -> str:
    """Place, message and hint in one line."""
    place = ":".join(str(finding[key]) for key in ("path", "line") if finding.get(key) is not None)
    return f"{place + ': ' if place else ''}{finding['message']} {finding.get('hint') or ''}".rstrip()
