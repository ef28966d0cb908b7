"""Any endpoint that speaks OpenAI's chat completions: OpenAI, Azure, OpenRouter, vLLM, Ollama, LM Studio.

Format: https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai

from agent.errors import ModelFailed, RateLimited
from agent.models.errors import ModelUnavailable
from agent.models.prices import Prices, estimate_call, estimate_tokens
from agent.ports import CallEstimate, Completion, ModelProfile, ModelRequest

DEFAULT_BASE_URL = "https://api.openai.com/v1"

MAX_CHARACTERS_PER_TOKEN = 6
"""More than prose or code reaches on average, so that only an endless answer is cut."""


class OpenAIModel:
    """One endpoint and one model name. Holds one HTTP client; close it with ``aclose``."""

    def __init__(
        self,
        name: str,
        *,
        api_key: str,
        base_url: str = "",
        prices: Prices | None = None,
        timeout: float = 600,
        stall_timeout: float = 90,
        max_retries: int = 2,
    ) -> None:
        if not name:
            raise ModelFailed(
                "No model is named.", hint="Set MGX_MODEL, for example to gpt-4.1 or qwen3-coder.", code="model_unset"
            )
        if not api_key and not base_url:
            raise ModelFailed(
                "There is no key for the model endpoint.",
                hint="Set OPENAI_API_KEY, or OPENAI_BASE_URL for an endpoint that needs no key.",
                code="model_unset",
            )
        self.name = name
        self._base_url = base_url or DEFAULT_BASE_URL
        self._prices = prices
        self._timeout = timeout
        self._stall_timeout = stall_timeout
        self._tells_usage = True
        self._client = openai.AsyncOpenAI(
            api_key=api_key or "none",
            base_url=self._base_url,
            max_retries=max_retries,
            timeout=openai.Timeout(timeout, connect=min(10.0, timeout)),
            http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False),  # an endpoint must not send us elsewhere
        )

    def profile(self, role: str) -> ModelProfile:
        return ModelProfile(self.name, native_tools=False)

    def estimate(self, request: ModelRequest) -> CallEstimate:
        return estimate_call(request, self._prices)

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> Completion:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._stream(request, on_text)
        except ModelFailed:
            raise
        except TimeoutError:
            raise ModelUnavailable(
                f"{self.name} at {self._host} did not finish its answer within {self._timeout:g} s.",
                hint="Resume the run later, or choose a faster model.",
                code="model_timeout",
            ) from None
        except openai.APIError as error:
            raise self._explain(error) from error
        except (json.JSONDecodeError, ValueError, AttributeError, TypeError) as error:
            raise self._not_a_completion() from error
        text, tokens_in, tokens_out, finish_reason = answer
        return Completion(
            text=text,
            model=self.name,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost_usd=self._prices.cost(tokens_in, tokens_out) if self._prices else None,
            finish_reason=finish_reason,
            duration_ms=round((time.monotonic() - started) * 1000),
        )

    async def aclose(self) -> None:
        await self._client.close()

    async def _stream(self, request: ModelRequest, on_text: Callable[[str], None]) -> tuple[str, int, int, str]:
        parts: list[str] = []
        usage: Any = None
        finish_reason = ""
        stream = await self._unless_silent(self._open(request))
        async with stream:
            async for chunk in self._chunks(stream):
                usage = getattr(chunk, "usage", None) or usage
                for choice in chunk.choices or ():
                    if choice.delta and choice.delta.content:
                        parts.append(choice.delta.content)
                        on_text(choice.delta.content)
                    finish_reason = choice.finish_reason or finish_reason
                if request.max_tokens and sum(map(len, parts)) > request.max_tokens * MAX_CHARACTERS_PER_TOKEN:
                    finish_reason = "length"
                    break
        text = "".join(parts)
        if not finish_reason and not text:
            raise self._not_a_completion()
        if not finish_reason:
            raise self._broke_off()
        tokens_in = usage.prompt_tokens if usage else estimate_tokens(m["content"] for m in request.messages)
        tokens_out = usage.completion_tokens if usage else estimate_tokens([text])
        return text, tokens_in, tokens_out, finish_reason

    async def _chunks(self, stream: Any) -> AsyncIterator[Any]:
        chunks = aiter(stream)
        while True:
            try:
                chunk = await self._unless_silent(anext(chunks, None))
            except (openai.APIConnectionError, httpx2.TransportError) as error:
                raise self._broke_off() from error
            if chunk is None:
                return
            yield chunk

    async def _open(self, request: ModelRequest) -> Any:
        # no limit is sent: servers refuse one that passes their model's, and differ in its name; the stream is cut instead
        arguments: dict[str, Any] = {"model": self.name, "messages": list(request.messages), "stream": True}
        create = self._client.chat.completions.create
        if not self._tells_usage:
            return await create(**arguments)
        try:
            return await create(**arguments, stream_options={"include_usage": True})
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            if "stream_options" not in error.message:
                raise
            self._tells_usage = False
            return await create(**arguments)

    async def _unless_silent(self, awaitable: Any) -> Any:
        try:
            async with asyncio.timeout(self._stall_timeout) as limit:
                return await awaitable
        except TimeoutError:
            if not limit.expired():
                raise
            raise ModelUnavailable(
                f"{self.name} at {self._host} sent nothing for {self._stall_timeout:g} s.",
                hint="Resume the run when the endpoint answers again.",
                code="model_stalled",
            ) from None

    @property
    def _host(self) -> str:
        """Host and port only: a base URL may hold a user name and a password."""
        url = urlsplit(self._base_url)
        return f"{url.hostname}:{url.port}" if url.port else url.hostname or "?"

    def _explain(self, error: openai.APIError) -> ModelFailed:
        match error:
            case openai.APITimeoutError():
                return ModelUnavailable(
                    f"{self._host} did not answer in time.", hint="Resume the run later.", code="model_timeout"
                )
            case openai.APIConnectionError():
                return ModelUnavailable(
                    f"The model endpoint {self._host} can't be reached.",
                    hint="Check OPENAI_BASE_URL and that the endpoint is running, then resume the run.",
                )
            case openai.RateLimitError():
                after = error.response.headers.get("retry-after")
                return RateLimited(
                    f"{self._host} refuses more calls for now: {self._said(error)}",
                    hint=f"Resume the run in {after} s." if after else "Resume the run later, or raise the provider's limit.",
                )
            case openai.AuthenticationError() | openai.PermissionDeniedError():
                return ModelFailed(
                    f"{self._host} does not accept the key ({error.status_code}).",
                    hint="Check OPENAI_API_KEY and that it belongs to this endpoint.",
                    code="model_unauthorized",
                )
            case openai.NotFoundError():
                return ModelFailed(
                    f"{self._host} knows no model {self.name!r} under this address: {self._said(error)}",
                    hint="Check MGX_MODEL, and that OPENAI_BASE_URL ends with the path of the API (often /v1).",
                    code="model_refused",
                )
            case openai.APIStatusError() if error.status_code >= 500 or error.status_code in (408, 409):
                return ModelUnavailable(
                    f"{self._host} answered with error {error.status_code}: {self._said(error)}", hint="Resume the run later."
                )
            case openai.APIStatusError():
                return ModelFailed(
                    f"{self._host} refused the request ({error.status_code}): {self._said(error)}",
                    hint=f"Check that {self.name} supports chat completions and this length of prompt.",
                    code="model_refused",
                )
        return ModelUnavailable(
            f"{self._host} ended the answer with an error: {self._said(error)}", hint="Resume the run later."
        )

    def _said(self, error: openai.APIError) -> str:
        """The endpoint's own words, without a key it may have echoed."""
        words = error.message.replace(self._client.api_key, "***") if len(self._client.api_key) > 7 else error.message
        return " ".join(words.split())[:300]

    def _broke_off(self) -> ModelUnavailable:
        return ModelUnavailable(
            f"{self._host} broke off in the middle of an answer.",
            hint="Resume the run; finished calls are not made again.",
        )

    def _not_a_completion(self) -> ModelFailed:
        return ModelFailed(
            f"{self._host} answered with something that is not a chat completion.",
            hint="Check that OPENAI_BASE_URL points to an OpenAI-compatible API (it often ends in /v1).",
            code="model_garbage",
        )
