"""Several endpoints as one model: when one can't answer, the next one is asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

import structlog

from agent.errors import ModelFailed, RateLimited
from agent.models.answer_room import may_ask_again
from agent.models.errors import ModelUnavailable, ToolsUnsupported
from agent.models.retry_after import span
from agent.ports import CallEstimate, Model, ModelCompletion, ModelProfile, ModelRequest
from agent.token_estimates import estimate_tokens

log = structlog.stdlib.get_logger(__name__)

COOL_DOWN = 60.0
"""Seconds for which an endpoint that failed is not tried again, unless it names a longer time."""
UNUSABLE = frozenset(
    ("model_unauthorized", "model_refused", "model_garbage", "model_key_unusable", "model_address_unusable",
     "model_request_unsendable")
)  # fmt: skip
"""Failures that waiting does not heal, but another endpoint does."""


class Failover:
    """The first of ``models`` answers while it can. Each call's ``Completion.model`` says which did, and ``by_fallback``
    whether it was another one: endpoints may have models of one name."""

    def __init__(self, models: Sequence[Model], *, cool_down: float = COOL_DOWN) -> None:
        self._models = models
        self._cool_down = cool_down
        self._not_before = [0.0] * len(models)
        self.name = models[0].name

    def profile(self, role: str) -> ModelProfile:
        """The primary model's, so that prompts stay the same across failovers; whether it takes tools depends on the
        model that will answer."""
        return replace(self._models[0].profile(role), native_tools=self._models[self._order()[0]].profile(role).native_tools)

    def estimate(self, request: ModelRequest) -> CallEstimate:
        """The highest: any of them may answer."""
        estimates = [model.estimate(request) for model in self._models]
        costs = [estimate.cost_usd for estimate in estimates]
        cost = None if None in costs else max(cost for cost in costs if cost is not None)
        of_answer = [estimate.cost_out_usd for estimate in estimates if estimate.cost_usd == cost]
        return CallEstimate(
            max(e.tokens_in for e in estimates), max(e.tokens_out for e in estimates), cost, of_answer[0] if of_answer else None
        )

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        """Raises what the last one raised; a refused tool call goes to the caller, who asks again without."""
        lost: list[ModelCompletion] = []
        last, unanswered = 0, 0
        failed: ModelFailed | None = None
        for at in self._order():
            received: list[str] = []
            if failed is not None and not await may_ask_again(last):
                break
            try:
                completion = await self._models[at].complete(request, _both(received.append, on_text))
                return _with(replace(completion, by_fallback=at > 0), lost)
            except ModelFailed as error:
                last = error.unanswered
                unanswered += last
                if not self._next_may_help(error):
                    error.unanswered = unanswered
                    raise
                rest = self._rest(error)
                self._not_before[at] = time.monotonic() + rest
                log.warning(
                    "the model is left alone for a while", model=self._models[at].name, rest=span(rest), error=error.detail
                )
                if received or last:
                    lost.append(_spent(self._models[at], request, received, prompts=max(last, 1)))
                failed = _sooner(failed, error)
        assert failed is not None
        failed.unanswered = unanswered
        raise failed

    async def aclose(self) -> None:
        await asyncio.gather(*(model.aclose() for model in self._models))

    def _order(self) -> list[int]:
        """Those that are well, in their order; if none is, the one that will be first, then the others."""
        now = time.monotonic()
        well = [at for at, until in enumerate(self._not_before) if until <= now]
        return well or sorted(range(len(self._models)), key=self._not_before.__getitem__)

    def _next_may_help(self, error: ModelFailed) -> bool:
        if isinstance(error, ToolsUnsupported):
            return False
        return isinstance(error, ModelUnavailable | RateLimited) or error.code in UNUSABLE

    def _rest(self, error: ModelFailed) -> float:
        after = error.retry_after if isinstance(error, RateLimited) else None
        return max(self._cool_down, after or 0.0)


def _sooner(first: ModelFailed | None, second: ModelFailed) -> ModelFailed:
    """The one that waiting heals, for then the run can pause instead of failing."""
    if first is not None and isinstance(first, ModelUnavailable | RateLimited):
        return first
    return second


def _both(first: Callable[[str], None], second: Callable[[str], None]) -> Callable[[str], None]:
    def call(text: str) -> None:
        first(text)
        second(text)

    return call


def _spent(model: Model, request: ModelRequest, received: Sequence[str], *, prompts: int) -> ModelCompletion:
    """What an answer that broke off or never came took, by the estimate: its endpoint may bill it."""
    tokens_out = estimate_tokens(received) if received else 0
    taken = model.estimate(request).with_answer(tokens_out).with_prompts(prompts)
    return ModelCompletion("", model.name, taken.tokens_in, tokens_out, cost_usd=taken.cost_usd)


def _with(completion: ModelCompletion, lost: Sequence[ModelCompletion]) -> ModelCompletion:
    if not lost:
        return completion
    costs = [completion.cost_usd, *(one.cost_usd for one in lost)]
    return replace(
        completion,
        tokens_in=completion.tokens_in + sum(one.tokens_in for one in lost),
        tokens_out=completion.tokens_out + sum(one.tokens_out for one in lost),
        cost_usd=None if None in costs else sum((cost for cost in costs if cost is not None), Decimal()),
    )
