"""What one agent's attempt at a case gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from agent.ports import JSONObject
from evals.sessions.counting import PromptCost


@dataclass(frozen=True)
class SessionAttempt:
    """``own_seconds`` are those of the agent itself: without the model, the commands that it ran, and installs. ``why`` says in
    a sentence what went wrong. ``roles`` are who asked, one for each call; empty where there is only one."""

    agent: str
    solved: bool
    cost: PromptCost
    own_seconds: float
    why: str = ""
    roles: Sequence[str] = ()

    @property
    def within(self) -> float | None:
        """The least part of a request that the next one of the same role begins with; None where no role asked twice."""
        return min((share for share, (before, after) in self._steps() if before == after), default=None)

    @property
    def from_plan(self) -> float | None:
        """The part of the plan's last request that the first one of the work begins with."""
        return next((share for share, pair in self._steps() if pair == ("team_leader", "engineer")), None)

    def _steps(self) -> list[tuple[float, tuple[str, str]]]:
        roles = self.roles or [self.agent] * self.cost.calls
        return list(zip(self.cost.shares, pairwise(roles), strict=False))

    def to_json(self) -> JSONObject:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SessionAttempt:
        return cls(**{**data, "cost": PromptCost(**data["cost"])})
