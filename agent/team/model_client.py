"""From a request to a model's answer: the form the model needs, its context window, the cache, the budget, the endpoint.

All of this happens inside of one step of the journal, whose inputs are the request alone: what is known of a model may change
while a run goes on (an endpoint that takes no tool calls after all, another connection), and a replay must not notice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from agent.errors import ContextOverflow, ModelFailed, Paused, RateLimited
from agent.models.answer_room import AnswerRoom, answer_room
from agent.models.errors import ModelUnavailable, ToolsUnsupported
from agent.models.prices import estimate_prompt
from agent.ports import ChatMessage, JSONObject, ModelCompletion, ModelProfile, ModelRequest, Ports, ToolCall
from agent.team.parsing.json_repair import value_of
from agent.team.parsing.text_tool_calls import MAX_READ, as_text, read_calls
from agent.team.prompt_truncation import condense, tokens_of
from agent.team.prompts import render, version
from agent.token_estimates import estimate_tokens

SHARE_FOR_ANSWER = 4
"""At least the window's fourth part is kept for the answer, as far as one so long is wanted."""
SMALLEST_ANSWER = 512
OVERFLOW_HINT = (
    "Choose a model with a larger context window for this role and resume the run, or split the task into smaller ones that "
    "touch fewer files."
)


@dataclass(frozen=True)
class ModelResponse:
    """``left_out`` says what of the prompt was cut to fit the window; ``cut_files`` are the paths no longer shown in full."""

    completion: ModelCompletion
    left_out: Sequence[str] = ()
    cut_files: Sequence[str] = ()

    def to_json(self) -> JSONObject:
        condensed = {"left_out": list(self.left_out), "files": list(self.cut_files)} if self.left_out else None
        return {**self.completion.to_json(), **({"condensed": condensed} if condensed else {})}

    @classmethod
    def from_json(cls, data: JSONObject) -> ModelResponse:
        condensed = data.get("condensed") or {}
        completion = ModelCompletion.from_json({key: value for key, value in data.items() if key != "condensed"})
        return cls(completion, condensed.get("left_out", ()), condensed.get("files", ()))


class ModelClient:
    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def answer(self, request: ModelRequest) -> ModelResponse:
        """Raises ``Paused`` ('provider', 'budget') where the run can go on later, else ``ModelFailed``."""
        asked = _asked(request, self._ports.model.profile(request.role))
        try:
            answered = await self._fit_to_context(asked)
        except ToolsUnsupported:
            answered = await self._fit_to_context(
                _asked(request, replace(self._ports.model.profile(request.role), native_tools=False))
            )
        return replace(answered, completion=_with_calls(answered.completion, request))

    async def _fit_to_context(self, request: ModelRequest) -> ModelResponse:
        """Condenses what passes the window as far as that is known, and once more where the endpoint says that it does."""
        window = self._ports.model.profile(request.role).context_tokens
        left_out: tuple[str, ...] = ()
        files: tuple[str, ...] = ()
        if window is not None:
            wanted = request.max_tokens or window
            spare = max(SMALLEST_ANSWER, min(wanted, window // SHARE_FOR_ANSWER))
            around = estimate_prompt(request) - tokens_of(request.messages)
            if estimate_prompt(request) > window - spare:
                shorter = condense(request.messages, window - spare - around)
                request = replace(request, messages=shorter.messages)
                left_out, files = tuple(shorter.left_out), tuple(shorter.files)
            available = max(SMALLEST_ANSWER, (window - estimate_prompt(request)) * 3 // 4)
            request = replace(request, max_tokens=min(wanted, available))
        try:
            return ModelResponse(await self._from_cache(request), left_out, files)
        except ContextOverflow as error:
            shorter = condense(request.messages, tokens_of(request.messages) // 2)
            if not shorter.left_out:
                raise _too_long(error, left_out) from error
        left_out, files = (*left_out, *shorter.left_out), (*files, *shorter.files)
        try:
            completion = await self._from_cache(replace(request, messages=shorter.messages))
        except ContextOverflow as error:
            raise _too_long(error, left_out) from error
        return ModelResponse(completion, tuple(dict.fromkeys(left_out)), tuple(dict.fromkeys(files)))

    async def _from_cache(self, request: ModelRequest) -> ModelCompletion:
        if request.bypass_cache:
            return await self._call_provider(request)
        profile = self._ports.model.profile(request.role)
        key = cache_key(request, profile.model, profile.route)
        known = _readable(await self._ports.cache.get(key))
        if known is not None:
            completion = replace(known, cached=True, cost_usd=Decimal(0), duration_ms=0)
            self._ports.events.text(request.role, completion.text)
            await self._ports.budget.settle(request.key, completion)
            return completion
        completion = await self._call_provider(request)
        right = completion.finish_reason in ("stop", "tool_calls") and completion.prompt_cut is None
        if completion.model == profile.model and not completion.by_fallback and right:
            await self._ports.cache.put(key, completion.to_json())
        return completion

    async def _call_provider(self, request: ModelRequest) -> ModelCompletion:
        model = self._ports.model.profile(request.role).model
        estimate = replace(self._ports.model.estimate(request), role=request.role, model=model)
        room = AnswerRoom(await self._ports.budget.reserve(request.key, estimate), estimate.tokens_out, self._more(request.key))
        received: list[str] = []
        token = answer_room.set(room)

        def on_text(text: str) -> None:
            received.append(text)
            self._ports.events.text(request.role, text)

        try:
            completion = await self._ports.model.complete(request, on_text)
        except ModelFailed as error:
            begun = bool(received or room.thought)
            prompts = max(error.unanswered, int(begun))
            spent = ModelCompletion(
                "",
                self._ports.model.name,
                estimate.tokens_in * prompts,
                estimate_tokens(received) + room.thought // 6,
                # what part of an answer costs is not known; of what never reached the endpoint it is
                cost_usd=None if begun else estimate.cost_of_prompts(prompts),
                finish_reason="error",
            )
            await self._ports.budget.settle(request.key, spent)
            if isinstance(error, ModelUnavailable | RateLimited):
                if room.prompt_refused is not None:
                    raise room.prompt_refused from error
                raise Paused("provider", error.detail, hint=error.hint) from error
            raise
        finally:
            answer_room.reset(token)
        await self._ports.budget.settle(request.key, completion)
        if room.refused is not None:
            raise room.refused
        return completion

    def _more(self, key: str) -> Callable[[int, int], Awaitable[None]]:
        return lambda tokens, prompts: self._ports.budget.enlarge(key, tokens, prompts)


def cache_key(request: ModelRequest, model: str, route: str = "") -> str:
    """A digest of the whole request as it is sent, the model's name, what answers to it (``ModelProfile.route``) and the
    version of the prompts; not of the step's key."""
    said = {**request.inputs(), "model": model, "route": route, "prompts": version()}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _asked(request: ModelRequest, profile: ModelProfile) -> ModelRequest:
    """In the way that the model takes tools: natively, as text, or not at all."""
    if not profile.takes_tools:
        return as_text(replace(request, tools=()))
    if not profile.native_tools:
        return as_text(request)
    if not request.tools:
        return request
    return replace(request, messages=_with_system(request.messages, render("tools")))


def _with_system(messages: Sequence[ChatMessage], text: str) -> list[ChatMessage]:
    if messages and messages[0]["role"] == "system":
        return [{"role": "system", "content": f"{messages[0]['content']}\n\n{text}"}, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


def _with_calls(completion: ModelCompletion, request: ModelRequest) -> ModelCompletion:
    """With the calls that stand in its text: models do that even where they might call natively. Malformed arguments are
    repaired."""
    if not request.tools:
        return replace(completion, tool_calls=())
    if not completion.tool_calls:
        return replace(completion, tool_calls=tuple(read_calls(completion.text, request.tools)))
    calls = []
    for call in completion.tool_calls:
        value = value_of(call.get("raw", ""), MAX_READ)
        if isinstance(value, dict):
            repaired: ToolCall = {**call, "arguments": value}
            del repaired["raw"]
            call = repaired
        calls.append(call)
    return replace(completion, tool_calls=tuple(calls))


def _too_long(error: ContextOverflow, left_out: Sequence[str]) -> Paused:
    without = f" even without {', '.join(dict.fromkeys(left_out))}" if left_out else ", and nothing can be left out"
    return Paused("provider", f"The prompt does not fit into the model's window{without}. {error.detail}", hint=OVERFLOW_HINT)


def _readable(kept: JSONObject | None) -> ModelCompletion | None:
    """A kept answer; None for one in the shape of another version of ours."""
    try:
        return None if kept is None else ModelCompletion.from_json(kept)
    except (KeyError, TypeError, ArithmeticError):
        return None
