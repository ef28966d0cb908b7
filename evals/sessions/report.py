"""The results of all cases as JSON, and as a table in Markdown: ours beside mini-swe-agent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from agent.ports import JSONObject
from evals.sessions.attempts import SessionAttempt
from evals.sessions.mini import MINI, MINI_SINGLE
from evals.sessions.ours import OURS, OURS_APART

HEADS = (
    "case", "solved", "calls", "prompt tokens", "of them new", "own seconds", "tokens ÷ mini", "begins as before",
    "from plan to work",
)  # fmt: skip
MAX_CALLS, MAX_TOKENS, MIN_WITHIN, MIN_FROM_PLAN = 1.0, 0.8, 0.9, 0.7
"""What issue 13 asks for, in the median over the cases."""


@dataclass(frozen=True)
class CaseResult:
    """``absent`` says in a sentence why a case could not be tried here."""

    name: str
    title: str
    attempts: Sequence[SessionAttempt] = ()
    absent: str = ""

    def of(self, agent: str) -> SessionAttempt | None:
        return next((attempt for attempt in self.attempts if attempt.agent == agent), None)


@dataclass(frozen=True)
class SessionReport:
    """``made_at`` is UTC in ISO 8601; ``tokens`` names how they were counted."""

    made_at: str
    tokens: str
    results: Sequence[CaseResult]

    def to_json(self) -> JSONObject:
        cases = [
            {"name": r.name, "title": r.title, "absent": r.absent, "attempts": [a.to_json() for a in r.attempts]}
            for r in self.results
        ]
        return {"made_at": self.made_at, "tokens": self.tokens, "cases": cases}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SessionReport:
        results = [
            CaseResult(case["name"], case["title"], [SessionAttempt.from_json(a) for a in case["attempts"]], case["absent"])
            for case in data["cases"]
        ]
        return cls(data["made_at"], data["tokens"], results)

    def ratios(self, of: Callable[[SessionAttempt], float], agent: str = MINI, ours: str = OURS) -> list[float]:
        """Those of ``ours`` divided by ``agent``'s, of each case that both have solved."""
        pairs = [(result.of(ours), result.of(agent)) for result in self.results]
        return [of(own) / of(other) for own, other in pairs if own and other and own.solved and other.solved]

    def misses(self) -> list[str]:
        """Sentences: what of the goals is not reached. Only of cases that both have solved."""
        found = [f"{r.name}: {a.agent} did not solve it: {a.why}" for r in self.results for a in r.attempts if not a.solved]
        calls, tokens = self.ratios(_calls), self.ratios(_tokens)
        if calls and median(calls) > MAX_CALLS:
            found.append(
                f"calls are {median(calls):.2f} × those of mini-swe-agent in the median, at most {MAX_CALLS} are wanted"
            )
        if tokens and median(tokens) > MAX_TOKENS:
            found.append(f"prompt tokens are {median(tokens):.2f} × in the median, at most {MAX_TOKENS} are wanted")
        for result in self.results:
            ours = result.of(OURS)
            if ours and ours.within is not None and ours.within < MIN_WITHIN:
                found.append(f"{result.name}: {ours.within:.0%} of a request stands in the next, not {MIN_WITHIN:.0%}")
            if ours and ours.from_plan is not None and ours.from_plan < MIN_FROM_PLAN:
                found.append(f"{result.name}: {ours.from_plan:.0%} of the plan stands in the work, not {MIN_FROM_PLAN:.0%}")
        return found


def table(report: SessionReport) -> str:
    """In Markdown: in each cell ours / mini-swe-agent's, and the medians below."""
    rows = [_row(result) for result in report.results]
    lines = ["| " + " | ".join(HEADS) + " |", "|" + "---|" * len(HEADS), *("| " + " | ".join(row) + " |" for row in rows)]
    return "\n".join([*lines, "", *_medians(report)])


def _medians(report: SessionReport) -> list[str]:
    said = []
    for ours, agent, name in (
        (OURS, MINI, "ours ÷ mini-swe-agent"),
        (OURS_APART, MINI, "ours with `finish` in an answer of its own ÷ mini-swe-agent"),
        (OURS, MINI_SINGLE, "ours ÷ mini-swe-agent with one command for each answer"),
    ):
        if ratios := report.ratios(_calls, agent, ours):
            calls, tokens = median(ratios), median(report.ratios(_tokens, agent, ours))
            new, own = median(report.ratios(_unique, agent, ours)), median(report.ratios(_seconds, agent, ours))
            said.append(
                f"Median of {name}, {len(ratios)} cases: calls {calls:.2f}, prompt tokens {tokens:.2f}, "
                f"of them new {new:.2f}, own seconds {own:.2f}."
            )
    return said


def _row(result: CaseResult) -> list[str]:
    ours, mini = result.of(OURS), result.of(MINI)
    both = (ours, mini)
    cells = [
        _both(both, lambda attempt: "yes" if attempt.solved else "no"),
        _both(both, lambda attempt: str(attempt.cost.calls)),
        _both(both, lambda attempt: f"{attempt.cost.total:,}"),
        _both(both, lambda attempt: f"{attempt.cost.unique:,}"),
        _both(both, lambda attempt: f"{attempt.own_seconds:.1f}"),
        f"{ours.cost.total / mini.cost.total:.2f}" if ours and mini and mini.cost.total else "–",
        _percent(ours.within if ours else None),
        _percent(ours.from_plan if ours else None),
    ]
    return [result.name, *(cells if result.attempts else [result.absent, *["–"] * 7])]


def _both(attempts: Sequence[SessionAttempt | None], of: Callable[[SessionAttempt], str]) -> str:
    return " / ".join(of(attempt) if attempt else "–" for attempt in attempts)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _calls(attempt: SessionAttempt) -> float:
    return attempt.cost.calls


def _tokens(attempt: SessionAttempt) -> float:
    return attempt.cost.total


def _unique(attempt: SessionAttempt) -> float:
    return attempt.cost.unique


def _seconds(attempt: SessionAttempt) -> float:
    return attempt.own_seconds
