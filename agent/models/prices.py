"""What tokens cost, and how many there are when an endpoint does not say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from agent.ports import CallEstimate, ModelRequest

MILLION = Decimal(1_000_000)
CHARACTERS_PER_TOKEN = 3
"""Below the 4 that is usual for English, so that an estimate of code errs upwards."""


@dataclass(frozen=True)
class Prices:
    """USD per million tokens, as providers list them."""

    input: Decimal
    output: Decimal

    def cost(self, tokens_in: int, tokens_out: int) -> Decimal:
        return (self.input * tokens_in + self.output * tokens_out) / MILLION


def estimate_tokens(texts: Iterable[str]) -> int:
    """A local upper estimate; the exact tokenizers would have to be downloaded."""
    return sum(len(text) // CHARACTERS_PER_TOKEN + 1 for text in texts)


def estimate_call(request: ModelRequest, prices: Prices | None) -> CallEstimate:
    """What ``request`` may take at most, by the local estimate of its prompt and the length it allows the answer."""
    tokens_in = estimate_tokens(message["content"] for message in request.messages)
    tokens_out = request.max_tokens or 0
    return CallEstimate(tokens_in, tokens_out, prices.cost(tokens_in, tokens_out) if prices else None)
