"""What all HTTP endpoints share: rate limiting, retries, time limits, and errors that say what to do."""

from __future__ import annotations

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import httpx2
import structlog

from agent.errors import ModelFailed, RateLimited
from agent.models.answer_room import may_ask_again
from agent.models.endpoint_limits import EndpointLimits
from agent.models.error_messages import ProviderErrors
from agent.models.errors import ModelUnavailable, ToolsUnsupported
from agent.models.prices import estimate_call, estimate_prompt, longest_answer, texts_of
from agent.models.retry_after import backoff, span
from agent.models.settings import ModelSettings
from agent.models.streaming import StreamedCompletion, Usage, believable
from agent.models.tokenizers import counter_for
from agent.models.truncation import PromptSizes, least_tokens
from agent.models.usable_settings import check_address, check_key
from agent.ports import CallEstimate, JSONObject, ModelCompletion, ModelProfile, ModelRequest

log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")


class Endpoint(ABC):
    """One endpoint, one key, and its models by role, over one connection pool; close it with ``aclose``.

    A subclass names its provider in the class variables, and streams one answer.
    """

    default_url: ClassVar[str]
    key_variable: ClassVar[str]
    url_variable: ClassVar[str]
    api: ClassVar[str]
    """What the endpoint must speak, in words."""
    sdk: Any
    """The provider's SDK: both have the same tree of errors below ``APIError``."""

    def __init__(self, settings: ModelSettings) -> None:
        if not settings.model:
            raise ModelFailed(
                "No model is named.",
                hint="Set MGX_MODEL, for example to gpt-4.1 or anthropic/claude-sonnet-4-5.",
                code="model_unset",
            )
        if not settings.api_key and not settings.base_url:
            raise ModelFailed(
                "There is no key for the model endpoint.",
                hint=f"Set {self.key_variable}, or {self.url_variable} for an endpoint that needs no key.",
                code="model_unset",
            )
        self.settings = settings
        self.name = settings.model
        self.base_url = settings.base_url or self.default_url
        self._route = settings.route(self.base_url)
        self.say = ProviderErrors(self.base_url, settings, self.key_variable, self.url_variable, self.api, self.sdk)
        self._limits = EndpointLimits(self.base_url, settings)
        self._factors: dict[str, float] = {}
        self._beyond: dict[str, int] = {}
        self._without_tools: set[str] = set()
        self._sizes: defaultdict[str, PromptSizes] = defaultdict(PromptSizes)

    def profile(self, role: str) -> ModelProfile:
        name = self.settings.model_for(role)
        return ModelProfile(
            name,
            context_tokens=self.settings.context_tokens,
            max_output_tokens=self.settings.max_output_tokens,
            native_tools=self.settings.native_tools is not False and name not in self._without_tools,
            edit_format=self.settings.edit_format,
            route=self._route,
        )

    def estimate(self, request: ModelRequest) -> CallEstimate:
        """By the tokenizer where that is known and here, else the upper estimate.

        It is raised for a model whose endpoint has reported more in this run: nothing that a replay must find again may depend
        on it.
        """
        name = self.settings.model_for(request.role)
        return estimate_call(
            request,
            self.settings.prices,
            max_output_tokens=self.settings.max_output_tokens,
            factor=self._factors.get(name, 1),
            beyond=self._beyond.get(name, 0),
            count=counter_for(name),
        )

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        """Raises, besides what waiting can help, ContextOverflow, ContentFiltered, ToolsUnsupported and ModelFailed."""
        started = time.monotonic()
        check_address(self.base_url, self.say.setting)
        check_key(self.settings.api_key, f"{self.key_variable} or the connection's key")
        if request.tools and not self.profile(request.role).native_tools:
            raise self.say.lacks_tools(self.settings.model_for(request.role))
        answer, unanswered = await self._repeat(request, on_text)
        completion = self._completion(request, answer, started)
        return self._with_unanswered(completion, request, unanswered)

    @abstractmethod
    async def aclose(self) -> None:
        """Closes the connection pool."""

    @abstractmethod
    async def stream(self, request: ModelRequest, name: str, answer: StreamedCompletion) -> None:
        """Makes one call to the model ``name`` and fills ``answer``; every await on the endpoint goes through
        ``unless_silent`` or ``pieces``."""

    def cost_surcharge(self, usage: Usage) -> int:
        """Prompt tokens whose writing to the provider's cache costs extra."""
        return 0

    async def unless_silent(self, awaitable: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self.settings.stall_timeout) as limit:
                return await awaitable
        except TimeoutError:
            if not limit.expired():
                raise
            raise self.say.stalled(self.settings.stall_timeout) from None

    async def pieces(self, stream: Any, answer: StreamedCompletion | None = None) -> AsyncIterator[Any]:
        """The parts of a stream as they come, as long as ``answer`` may become longer. Raises ModelUnavailable when it is
        silent or breaks off."""
        parts = aiter(stream)
        while True:
            try:
                part = await self.unless_silent(anext(parts, None))
            except (self.sdk.APIConnectionError, httpx2.TransportError) as error:
                raise self.say.broke_off() from error
            if part is None:
                return
            yield part
            if answer is not None and not await answer.may_go_on():
                return

    async def _repeat(self, request: ModelRequest, on_text: Callable[[str], None]) -> tuple[StreamedCompletion, int]:
        """The answer, and how many times the endpoint had the prompt without giving one. What raises says it too."""
        waited, attempt, unanswered = 0.0, 0, 0
        while True:
            answer = StreamedCompletion(request, longest_answer(request, self.settings.max_output_tokens), on_text)
            try:
                await self._attempt(request, answer)
                return answer, unanswered
            except ModelFailed as error:
                lost = max(error.unanswered, int(answer.begun))  # also where it ended the answer with an error of its own
                error.unanswered = unanswered = unanswered + lost
                delay = self._delay(error, attempt)
                if delay is None or answer.begun or waited + delay > self._patience or not await may_ask_again(lost):
                    raise
                log.warning(
                    "the model did not answer and is asked again", model=self.name, error=error.detail, after=span(delay)
                )
            await asyncio.sleep(delay)
            waited, attempt = waited + delay, attempt + 1

    def _delay(self, error: ModelFailed, attempt: int) -> float | None:
        """Seconds to wait before the call is repeated; None where it should not be."""
        if not self.settings.max_retries:
            return None
        if isinstance(error, RateLimited):
            if error.retry_after is not None:
                return max(error.retry_after, self.settings.first_delay / 10)
        elif not (isinstance(error, ModelUnavailable) and error.repeatable):
            return None
        return backoff(self.settings.first_delay, attempt) if attempt < self.settings.max_retries else None

    @property
    def _patience(self) -> float:
        return self.settings.max_wait if self.settings.max_retries else 0.0

    async def _attempt(self, request: ModelRequest, answer: StreamedCompletion) -> None:
        name = self.settings.model_for(request.role)
        expected = self.estimate(request)
        turn = await self._limits.enter(expected.tokens, self.say.host, self._patience, model=name)
        try:
            async with asyncio.timeout(self.settings.timeout):
                await self.stream(request, name, answer)
        except ModelFailed:
            raise
        except TimeoutError:
            raise self.say.timed_out(name, self.settings.timeout) from None
        except self.sdk.APIError as error:
            raise self._explained(error, name, with_tools=_holds_tools(request)) from error
        except (json.JSONDecodeError, ValueError, AttributeError, TypeError) as error:
            raise (self.say.not_an_answer() if answer.arrived else self.say.not_asked(error)) from error
        used = believable(answer.usage, expected.tokens_in, answer)
        turn.settle(used.tokens_in + used.tokens_out)

    def _completion(self, request: ModelRequest, answer: StreamedCompletion, started: float) -> ModelCompletion:
        name = self.settings.model_for(request.role)
        estimated = estimate_prompt(request, counter_for(name))
        usage = believable(answer.usage, round(estimated * self._factors.get(name, 1)), answer)
        self._factors[name] = max(self._factors.get(name, 1), usage.tokens_in / estimated)
        longest = longest_answer(request, self.settings.max_output_tokens)
        self._beyond[name] = max(self._beyond.get(name, 0), usage.tokens_out - longest)
        prices, calls = self.settings.prices, answer.calls(self.settings.kind, name)
        finish_reason = answer.finish_reason
        if calls and finish_reason in ("stop", "function_call"):
            finish_reason = "tool_calls"
        return ModelCompletion(
            text=answer.text,
            model=name,
            tokens_in=usage.tokens_in,
            tokens_out=usage.tokens_out,
            cost_usd=prices.cost(usage.tokens_in, usage.tokens_out, cached=usage.cached, written=self.cost_surcharge(usage))
            if prices
            else None,
            finish_reason=finish_reason,
            duration_ms=round((time.monotonic() - started) * 1000),
            tool_calls=calls,
            tokens_cached=usage.cached,
            prompt_cut=self._prompt_cut(request, name, answer, estimated),
        )

    def _with_unanswered(self, completion: ModelCompletion, request: ModelRequest, unanswered: int) -> ModelCompletion:
        """With what the prompts that got no answer may be billed for, by the estimate."""
        if not unanswered:
            return completion
        tokens = unanswered * self.estimate(request).tokens_in
        prices, cost = self.settings.prices, completion.cost_usd
        return replace(
            completion,
            tokens_in=completion.tokens_in + tokens,
            cost_usd=cost + prices.cost(tokens, 0) if prices and cost is not None else None,
        )

    def _prompt_cut(self, request: ModelRequest, name: str, answer: StreamedCompletion, estimated: int) -> JSONObject | None:
        if answer.usage is None:
            return None
        return self._sizes[name].cut(answer.usage.tokens_in, estimated, least_tokens(texts_of(request)))

    def _explained(self, error: Exception, name: str, *, with_tools: bool) -> ModelFailed:
        """The error in our words, and what is to be remembered of it."""
        failed = self.say.explain(error, name, with_tools=with_tools)
        if isinstance(failed, ToolsUnsupported):
            self._without_tools.add(name)
        if isinstance(failed, RateLimited) and failed.retry_after:
            self._limits.close_for(failed.retry_after, name)
        return failed


def _holds_tools(request: ModelRequest) -> bool:
    """Whether tools are offered, or were called before: either may be what is refused."""
    return bool(request.tools) or any(message.get("tool_calls") for message in request.messages)
