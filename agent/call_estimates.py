"""What one model call may take, before it is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal


@dataclass(frozen=True)
class CallEstimate:
    """An upper estimate of one call. ``cost_usd`` is None where no price is known."""

    tokens_in: int
    tokens_out: int
    cost_usd: Decimal | None = None
    cost_out_usd: Decimal | None = None
    """The part of ``cost_usd`` that is the answer's, where it is known."""
    role: str = ""
    model: str = ""

    @property
    def tokens(self) -> int:
        return self.tokens_in + self.tokens_out

    def with_answer(self, tokens_out: int) -> CallEstimate:
        """Of a call whose answer takes so many tokens, at most those that it had."""
        tokens_out = min(tokens_out, self.tokens_out)
        if self.cost_usd is None or self.cost_out_usd is None:
            return replace(self, tokens_out=tokens_out)
        cost_out = self.cost_out_usd * tokens_out / max(self.tokens_out, 1)
        cost = self.cost_usd - self.cost_out_usd + cost_out
        return replace(self, tokens_out=tokens_out, cost_usd=cost, cost_out_usd=cost_out)

    def with_prompts(self, number: int) -> CallEstimate:
        """Of a call whose prompt is sent so often, because no answer came."""
        more = self.cost_of_prompts(number - 1)
        cost = None if self.cost_usd is None or more is None else self.cost_usd + more
        return replace(self, tokens_in=number * self.tokens_in, cost_usd=cost)

    def cost_of_prompts(self, number: int) -> Decimal | None:
        """Without answers. None where no price is known."""
        if not number:
            return Decimal()
        return None if self.cost_usd is None else number * (self.cost_usd - (self.cost_out_usd or 0))
