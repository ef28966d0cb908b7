"""The caps that cover a run: its own, and the budgets of its project and its workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mgx_project.common.money import usd

from .errors import BY_OPERATOR, RAISE, CapReached
from .meters import EVER, SCOPES, Held
from .models import Meter

LIMITS = ("max_tokens", "max_cost_usd", "max_calls", "max_seconds")
WARN_AT = Decimal("0.8")
"""Of a cap."""


@dataclass(frozen=True)
class CapWarning:
    """A cap of which four fifths are used. ``key`` contains the limit, so a raised cap has another key."""

    key: str
    detail: str


@dataclass(frozen=True)
class Cap:
    """Limits on one meter; None means no limit. ``whose`` names the budget in messages."""

    whose: str
    key: str
    meter: Meter
    max_tokens: int | None = None
    max_cost_usd: Decimal | None = None
    max_calls: int | None = None
    max_seconds: int | None = None
    hint: str = RAISE

    @property
    def tokens(self) -> int:
        return self.meter.tokens_in + self.meter.tokens_out + self.meter.reserved_tokens

    @property
    def cost(self) -> Decimal:
        return self.meter.cost_usd + self.meter.reserved_cost_usd

    @property
    def ms_left(self) -> int | None:
        return None if self.max_seconds is None else max(0, self.max_seconds * 1000 - self.meter.work_ms)

    def check(self, tokens: int, cost: Decimal | None, calls: int = 1) -> None:
        """Raises CapReached if a call of this size may pass a cap, or if its cost is unknown (None) and a cap is set in USD."""
        if self.max_tokens is not None and self.tokens + tokens > self.max_tokens:
            raise CapReached(
                f"{self.whose} allows {self.max_tokens:,} tokens; {self.tokens:,} are used or reserved, and this call may take "
                f"{tokens:,}.",
                self.hint,
                in_flight=self.tokens - self.meter.reserved_tokens + tokens <= self.max_tokens,
            )
        if self.max_calls is not None and self.meter.calls + calls > self.max_calls:
            raise CapReached(f"{self.whose} allows {self.max_calls:,} model calls, and all of them are used.", self.hint)
        if self.max_cost_usd is None:
            return
        if cost is None:
            raise CapReached(
                f"{self.whose} is set in USD, but the model's price is unknown.",
                "Set price_in and price_out of the model connection (0 if it is free), or cap tokens instead of USD; "
                "then resume the run.",
            )
        if self.cost + cost > self.max_cost_usd:
            raise CapReached(
                f"{self.whose} allows {usd(self.max_cost_usd)}; {usd(self.cost)} are spent or reserved, and this call "
                f"may cost {usd(cost)}.",
                self.hint,
                in_flight=self.meter.cost_usd + cost <= self.max_cost_usd,
            )

    def warnings(self) -> list[CapWarning]:
        used: dict[str, tuple[Any, Any, str]] = {
            "max_tokens": (self.tokens, self.max_tokens, f"{self.tokens:,} of {self.max_tokens or 0:,} tokens"),
            "max_cost_usd": (
                self.cost, self.max_cost_usd, f"{usd(self.cost)} of {usd(self.max_cost_usd or 0)}"
            ),
            "max_calls": (self.meter.calls, self.max_calls, f"{self.meter.calls:,} of {self.max_calls or 0:,} model calls"),
            "max_seconds": (
                Decimal(self.meter.work_ms) / 1000,
                self.max_seconds,
                f"{self.meter.work_ms // 1000:,} of {self.max_seconds or 0:,} seconds of work",
            ),
        }  # fmt: skip
        return [
            CapWarning(f"{self.key}/{name}/{limit}", f"{self.whose}: {said} are used.")
            for name, (amount, limit, said) in used.items()
            if limit is not None and amount >= limit * WARN_AT
        ]


def caps_of(held: Held, run_caps: Mapping[str, Any]) -> list[Cap]:
    meters = held.meters
    own = {name: run_caps[name] for name in LIMITS if run_caps.get(name) is not None}
    if "max_cost_usd" in own:
        own["max_cost_usd"] = Decimal(str(own["max_cost_usd"]))
    caps = [Cap("This run's budget", "run", meters[SCOPES.RUN, EVER], **own)] if own else []
    for budget in held.budgets:
        kind = SCOPES.PROJECT if budget.project_id else SCOPES.WORKSPACE
        month = next(period for _, period in meters if period)
        meter = meters[kind, month if budget.period == "month" else EVER]
        by, hint = (", set by the operator of this server,", BY_OPERATOR) if budget.set_by_operator else ("", RAISE)
        whose = f"The {kind}'s budget {'of this month' if budget.period == 'month' else 'in total'}{by}"
        limits = {name: getattr(budget, name) for name in LIMITS}
        caps.append(Cap(whose, str(budget.pk), meter, **limits, hint=hint))
    return caps
