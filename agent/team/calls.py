"""The one road to the model: journal, then budget, then the endpoint. Nothing in the team calls a model any other way."""

from __future__ import annotations

import hashlib
from collections import Counter
from decimal import Decimal

from agent.errors import ModelFailed, Paused, RateLimited
from agent.models.errors import ModelUnavailable
from agent.models.prices import estimate_tokens
from agent.ports import JSON, Announcement, Completion, ModelRequest, Ports

SAME_ANSWERS = 4
"""So many identical answers of one role pause the run."""


class ModelCalls:
    """The model calls of one phase of one run."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._answers: Counter[str] = Counter()
        self.made: list[Completion] = []

    async def complete(self, request: ModelRequest) -> Completion:
        """Raises ``Paused`` ('provider', 'budget', 'loop') where the run can go on later, else ``ModelFailed``."""
        self._ports.cancel.check()
        await self._ports.events.emit("role_message", {"role": request.role, "action": request.action}, _doing(request))

        async def act() -> JSON:
            return (await self._call(request)).to_json()

        def announce(result: JSON) -> Announcement:
            return _model_call(request, Completion.from_json(result))

        result = await self._ports.journal.step(request.key, "model", request.inputs(), act, announce=announce)
        completion = Completion.from_json(result)
        self.made.append(completion)
        self._stop_loops(request, completion)
        self._ports.cancel.check()
        return completion

    async def _call(self, request: ModelRequest) -> Completion:
        estimate = self._ports.model.estimate(request)
        await self._ports.budget.reserve(request.key, estimate)
        received: list[str] = []

        def on_text(text: str) -> None:
            received.append(text)
            self._ports.events.text(request.role, text)

        try:
            completion = await self._ports.model.complete(request, on_text)
        except ModelFailed as error:
            tokens_out = estimate_tokens(received) if received else 0
            spent = Completion(
                "", self._ports.model.name, estimate.tokens_in if received else 0, tokens_out, finish_reason="error"
            )
            await self._ports.budget.settle(request.key, spent)
            if isinstance(error, ModelUnavailable | RateLimited):
                raise Paused("provider", error.detail, hint=error.hint) from error
            raise
        await self._ports.budget.settle(request.key, completion)
        return completion

    def _stop_loops(self, request: ModelRequest, completion: Completion) -> None:
        digest = hashlib.sha256(f"{request.role}\0{completion.text}".encode()).hexdigest()
        self._answers[digest] += 1
        if self._answers[digest] >= SAME_ANSWERS:
            raise Paused(
                "loop",
                f"The {request.role} has given the same answer {SAME_ANSWERS} times.",
                hint="Start a new run with a more specific task or another model.",
            )

    def cost_per_token(self) -> Decimal | None:
        """USD, from the calls made so far; None if one of them has no known price."""
        costs = [call.cost_usd for call in self.made]
        tokens = sum(call.tokens_in + call.tokens_out for call in self.made)
        if not tokens or any(cost is None for cost in costs):
            return None
        return sum((cost for cost in costs if cost is not None), Decimal()) / tokens


def _doing(request: ModelRequest) -> str:
    return {
        "AnalyzeTask": "The team leader analyses the task",
        "DraftPlan": "The team leader drafts a plan",
        "WriteCode": "The engineer writes the code",
        "WritePart": "The engineer writes a part of the code",
        "ReviseCode": "The engineer revises the code",
        "WriteTest": "The tester writes tests",
        "ReviewCode": "The reviewer reads the change",
    }.get(request.action, f"The {request.role} works on {request.action}")


def _model_call(request: ModelRequest, completion: Completion) -> Announcement:
    data = completion.to_json()
    keys = ("model", "tokens_in", "tokens_out", "cost_usd", "duration_ms", "cached")
    tokens = completion.tokens_in + completion.tokens_out
    return Announcement(
        "model_call",
        {"role": request.role, "action": request.action, **{key: data[key] for key in keys}},
        f"{request.action}: {tokens} tokens by {completion.model}",
    )
