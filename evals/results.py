"""What the attempts gave: one record per case, their sum, and both as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Literal

from agent.ports import JSONObject

Status = Literal["completed", "paused", "failed", "out_of_time", "error", "skipped"]


@dataclass(frozen=True)
class Result:
    """One case. ``status`` says how the run ended, ``solved`` whether that was right; ``why`` is a sentence for a person."""

    id: str
    title: str
    kind: str
    stack: str
    task: str
    status: Status
    solved: bool
    why: str = ""
    rounds: int = 0
    """Answers of the engineer."""
    calls: int = 0
    """Model calls."""
    tokens: int = 0
    cost_usd: str | None = None
    """None: a price was not known."""
    seconds: float = 0.0
    patch: str = ""
    patch_sha256: str = ""
    files: Sequence[str] = ()
    tests: str = ""
    """How the project's own tests ended, as the run saw it."""
    review: Sequence[str] = ()
    output: str = ""
    """The end of what the hidden tests wrote."""
    timeline: Sequence[str] = ()


@dataclass(frozen=True)
class Report:
    """All results of one call. ``made_at`` is UTC in ISO 8601, ``how`` says which connection answered."""

    made_at: str
    how: str
    prompt_version: str
    results: Sequence[Result]

    @property
    def tried(self) -> list[Result]:
        return [result for result in self.results if result.status != "skipped"]

    @property
    def solved(self) -> int:
        return sum(result.solved for result in self.tried)

    @property
    def tokens(self) -> int:
        return sum(result.tokens for result in self.tried)

    @property
    def cost_usd(self) -> Decimal | None:
        """None as soon as one case had a call of unknown price."""
        costs = [result.cost_usd for result in self.tried]
        return None if any(cost is None for cost in costs) else sum((Decimal(cost) for cost in costs if cost), Decimal())

    def to_json(self) -> JSONObject:
        cost = None if self.cost_usd is None else str(self.cost_usd)
        totals = {"cases": len(self.results), "tried": len(self.tried), "solved": self.solved, "tokens": self.tokens}
        return {
            "made_at": self.made_at,
            "model": self.how,
            "prompt_version": self.prompt_version,
            "totals": {**totals, "cost_usd": cost},
            "cases": [asdict(result) for result in self.results],
        }
