"""What every endpoint over HTTP shares: its turn at the gate, repeats, time limits, and errors that say what to do."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

import httpx2

from agent.errors import ContentFiltered, ContextOverflow, ModelFailed, RateLimited
from agent.models.answer import Answer, Usage, believable
from agent.models.errors import ModelBroken, ModelUnavailable, ToolsUnsupported
from agent.models.faults import Fault
from agent.models.prices import estimate_call, estimate_prompt, longest_answer
from agent.models.rates import gate_for
from agent.models.settings import ModelSettings
from agent.models.waiting import backoff, retry_after, span
from agent.ports import CallEstimate, Completion, ModelProfile, ModelRequest

log = logging.getLogger(__name__)

T = TypeVar("T")
CONNECT_SECONDS = 10.0


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
        self._gate = gate_for(self.base_url, settings.api_key, settings.requests_per_minute, settings.tokens_per_minute)
        self._factors: dict[str, float] = {}
        self._without_tools: set[str] = set()

    def profile(self, role: str) -> ModelProfile:
        name = self.settings.model_for(role)
        return ModelProfile(
            name,
            context_tokens=self.settings.context_tokens,
            max_output_tokens=self.settings.max_output_tokens,
            native_tools=self.settings.native_tools is not False and name not in self._without_tools,
            edit_format=self.settings.edit_format,
        )

    def estimate(self, request: ModelRequest) -> CallEstimate:
        """The local estimate, raised for a model whose endpoint has reported more than it in this run: nothing that a replay
        must find again may depend on it."""
        return estimate_call(
            request,
            self.settings.prices,
            max_output_tokens=self.settings.max_output_tokens,
            factor=self._factors.get(self.settings.model_for(request.role), 1),
        )

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> Completion:
        """Raises, besides what waiting can help, ContextOverflow, ContentFiltered, ToolsUnsupported and ModelFailed."""
        started = time.monotonic()
        if request.tools and not self.profile(request.role).native_tools:
            raise self._lacks_tools(self.settings.model_for(request.role))
        answer = await self._repeat(request, on_text)
        return self._completion(request, answer, started)

    @abstractmethod
    async def aclose(self) -> None:
        """Closes the connection pool."""

    @abstractmethod
    async def stream(self, request: ModelRequest, name: str, answer: Answer) -> None:
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
            raise ModelUnavailable(
                f"{self.name} at {self.host} sent nothing for {self.settings.stall_timeout:g} s.",
                hint="Resume the run when the endpoint answers again.",
                code="model_stalled",
            ) from None

    async def pieces(self, stream: Any) -> AsyncIterator[Any]:
        """The parts of a stream as they come. Raises ModelUnavailable when it is silent or breaks off."""
        parts = aiter(stream)
        while True:
            try:
                part = await self.unless_silent(anext(parts, None))
            except (self.sdk.APIConnectionError, httpx2.TransportError) as error:
                raise self.broke_off() from error
            if part is None:
                return
            yield part

    def broke_off(self) -> ModelUnavailable:
        return ModelUnavailable(
            f"{self.host} broke off in the middle of an answer.",
            hint="Resume the run; finished calls are not made again.",
        )

    def not_an_answer(self) -> ModelFailed:
        return ModelFailed(
            f"{self.host} answered with something that is not {self.api}.",
            hint=f"Check that {self.url_variable} or the connection's base_url points to {self.api} (it often ends in /v1).",
            code="model_garbage",
        )

    def filtered(self, words: str = "") -> ContentFiltered:
        return ContentFiltered(
            f"{self.host} refuses to answer this{': ' + words if words else ' (content filter)'}.",
            hint="Reword the task, or choose another model.",
        )

    def overflow(self, name: str, words: str) -> ContextOverflow:
        return ContextOverflow(
            f"The prompt is too long for {name} at {self.host}: {words}",
            hint="Choose a model with a larger context, or a task on fewer files.",
        )

    @property
    def host(self) -> str:
        """Host and port only: a base URL may hold a user name and a password."""
        url = urlsplit(self.base_url)
        return f"{url.hostname}:{url.port}" if url.port else url.hostname or "?"

    def said(self, words: str) -> str:
        """The endpoint's own words, without a key it may have echoed."""
        key = self.settings.api_key
        return " ".join((words.replace(key, "***") if len(key) > 7 else words).split())[:300]

    def meaning_of(self, error: Exception, *, with_tools: bool) -> str:
        return Fault.of(error).meaning(with_tools=with_tools)

    async def _repeat(self, request: ModelRequest, on_text: Callable[[str], None]) -> Answer:
        waited, attempt = 0.0, 0
        while True:
            answer = Answer(request, longest_answer(request, self.settings.max_output_tokens), on_text)
            try:
                await self._attempt(request, answer)
                return answer
            except (RateLimited, ModelUnavailable) as error:
                delay = self._delay(error, attempt)
                if delay is None or answer.begun or waited + delay > self.settings.max_wait:
                    raise
                log.warning("%s: %s Calling again in %s.", self.name, error.detail, span(delay))
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

    async def _attempt(self, request: ModelRequest, answer: Answer) -> None:
        name = self.settings.model_for(request.role)
        expected = self.estimate(request)
        turn = await self._gate.enter(expected.tokens, self.host)
        try:
            async with asyncio.timeout(self.settings.timeout):
                await self.stream(request, name, answer)
        except ModelFailed:
            raise
        except TimeoutError:
            raise ModelUnavailable(
                f"{name} at {self.host} did not finish its answer within {self.settings.timeout:g} s.",
                hint="Resume the run later, or choose a faster model.",
                code="model_timeout",
            ) from None
        except self.sdk.APIError as error:
            raise self._explain(error, name, with_tools=bool(request.tools)) from error
        except (json.JSONDecodeError, ValueError, AttributeError, TypeError) as error:
            raise self.not_an_answer() from error
        used = believable(answer.usage, expected.tokens_in, answer)
        turn.tokens = used.tokens_in + used.tokens_out

    def _completion(self, request: ModelRequest, answer: Answer, started: float) -> Completion:
        name = self.settings.model_for(request.role)
        estimated = estimate_prompt(request)
        usage = believable(answer.usage, round(estimated * self._factors.get(name, 1)), answer)
        self._factors[name] = max(self._factors.get(name, 1), usage.tokens_in / estimated)
        prices, calls = self.settings.prices, answer.calls()
        finish_reason = answer.finish_reason
        if calls and finish_reason in ("stop", "function_call"):
            finish_reason = "tool_calls"
        return Completion(
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
        )

    def _lacks_tools(self, name: str) -> ToolsUnsupported:
        return ToolsUnsupported(
            f"{self.host} takes no tool calls for {name}.", hint="Set native_tools of the model connection to false."
        )

    def _explain(self, error: Any, name: str, *, with_tools: bool) -> ModelFailed:
        if isinstance(error, self.sdk.APITimeoutError):
            return ModelUnavailable(f"{self.host} did not answer in time.", hint="Resume the run later.", code="model_timeout")
        if isinstance(error, self.sdk.APIConnectionError):
            return ModelBroken(
                f"The model endpoint {self.host} can't be reached.",
                hint=f"Check {self.url_variable} or the connection's base_url, and that the endpoint is running; then resume.",
            )
        fault = Fault.of(error)
        words = self.said(fault.words)
        match fault.meaning(with_tools=with_tools):
            case "overflow":
                return self.overflow(name, words)
            case "filtered":
                return self.filtered(words)
            case "tools":
                self._without_tools.add(name)
                return self._lacks_tools(name)
            case "no_credit":
                return ModelUnavailable(
                    f"The account at {self.host} has no credit left: {words}",
                    hint="Add credit at the provider, then resume the run.",
                    code="model_no_credit",
                )
            case "limited":
                return self._limited(fault, words)
            case "unauthorized":
                return ModelFailed(
                    f"{self.host} does not accept the key ({fault.status or 'in the stream'}).",
                    hint=f"Check {self.key_variable} or the connection's key, and that it belongs to this endpoint.",
                    code="model_unauthorized",
                )
            case "unknown_model":
                return ModelFailed(
                    f"{self.host} knows no model {name!r} under this address: {words}",
                    hint=f"Check the model's name, and that {self.url_variable} or the connection's base_url ends with the "
                    "path of the API (often /v1).",
                    code="model_refused",
                )
            case "unavailable" if fault.status is None:
                return ModelUnavailable(f"{self.host} ended the answer with an error: {words}", hint="Resume the run later.")
            case "unavailable":
                return ModelBroken(f"{self.host} answered with error {fault.status}: {words}", hint="Resume the run later.")
        return ModelFailed(
            f"{self.host} refused the request ({fault.status}): {words}",
            hint=f"Check that {name} supports {self.api} and this length of prompt.",
            code="model_refused",
        )

    def _limited(self, fault: Fault, words: str) -> RateLimited:
        after = retry_after(fault.headers, fault.words)
        if after:
            self._gate.close_for(after)
        return RateLimited(
            f"{self.host} refuses more calls for now: {words}",
            hint=f"Resume the run in {span(after)}." if after else "Resume the run later, or raise the provider's limit.",
            retry_after=after,
        )
