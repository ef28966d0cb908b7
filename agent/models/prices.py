"""What a call costs, and what it may cost at most before it is made."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from agent.ports import CallEstimate, ModelRequest
from agent.token_estimates import estimate_tokens

MILLION = Decimal(1_000_000)
CACHE_WRITE = Decimal("0.25")
"""What Anthropic adds to the input's price for writing its cache for five minutes
(https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching)."""
PER_MESSAGE = 8
"""Tokens by which chat templates wrap a message."""
DEFAULT_MAX_TOKENS = 32_000
"""Of an answer, where the request names no limit."""


@dataclass(frozen=True)
class Prices:
    """USD per million tokens, as providers list them. ``cached`` is that of prompt tokens from the provider's cache."""

    input: Decimal
    output: Decimal
    cached: Decimal | None = None

    def cost(self, tokens_in: int, tokens_out: int, *, cached: int = 0, written: int = 0) -> Decimal:
        """``cached`` and ``written`` are those of ``tokens_in`` that were read from and written to the provider's cache."""
        fresh = self.input * (tokens_in - cached + CACHE_WRITE * written)
        return (fresh + (self.input if self.cached is None else self.cached) * cached + self.output * tokens_out) / MILLION


def estimate_prompt(request: ModelRequest, count: Callable[[str], int] | None = None) -> int:
    """Of all that is sent: messages, tool calls in them, what goes back of the provider's own, and the tools' descriptions; by
    ``count`` where there is one."""
    calls = (call for message in request.messages for call in message.get("tool_calls", ()))
    texts = [*texts_of(request), *(json.dumps(extra) for call in calls if (extra := call.get("extra")))]
    tokens = sum(map(count, texts)) if count else estimate_tokens(texts)
    return tokens + PER_MESSAGE * (len(request.messages) + len(request.tools))


def texts_of(request: ModelRequest) -> list[str]:
    """What a model reads of the request."""
    texts: list[str] = []
    for message in request.messages:
        texts.append(message["content"])
        texts += [call["name"] + json.dumps(call["arguments"], ensure_ascii=False) for call in message.get("tool_calls", ())]
    return texts + [tool.name + tool.description + json.dumps(tool.parameters) for tool in request.tools]


def longest_answer(request: ModelRequest, max_output_tokens: int | None = None) -> int:
    """Tokens at which an answer is cut, by the upper estimate.

    A third more than the request allows, for the estimate counts a token for 3 characters where prose has 4 and more.
    """
    wanted = -(-(request.max_tokens or DEFAULT_MAX_TOKENS) * 4 // 3)
    return wanted if max_output_tokens is None else min(wanted, max_output_tokens)


def estimate_call(
    request: ModelRequest,
    prices: Prices | None,
    *,
    max_output_tokens: int | None = None,
    factor: float = 1,
    beyond: int = 0,
    count: Callable[[str], int] | None = None,
) -> CallEstimate:
    """What ``request`` may take at most: its prompt (``estimate_prompt``) times ``factor``, and its longest answer, with
    ``beyond`` tokens of thinking that the endpoint bills and nobody sees."""
    tokens_in = round(estimate_prompt(request, count) * factor)
    tokens_out = longest_answer(request, max_output_tokens) + beyond
    if prices is None:
        return CallEstimate(tokens_in, tokens_out)
    return CallEstimate(tokens_in, tokens_out, prices.cost(tokens_in, tokens_out), prices.cost(0, tokens_out))
