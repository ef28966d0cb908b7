"""Any endpoint that speaks OpenAI's chat completions: OpenAI, Azure, OpenRouter, vLLM, Ollama, LM Studio.

Format: https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import openai
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from agent.documents import read_json
from agent.models.endpoint import Endpoint
from agent.models.error_classification import Fault
from agent.models.http import CONNECT_SECONDS, NO_KEY, as_they_are, client_options
from agent.models.openai_request import LIMITS, OpenAIRequests
from agent.models.settings import ModelSettings
from agent.models.streaming import StreamedCompletion, Usage
from agent.ports import ModelRequest

MAX_PLAIN = 8_000_000
"""Bytes of an answer that comes in one piece."""
OURS = frozenset(("role", "content", "refusal", "tool_calls", "function_call", "annotations", "audio", "token_ids", "logprobs"))
"""Fields of an answer that are read here, or are not for sending back."""
THOUGHTS = frozenset(("thinking", "reasoning", "thought", "reasoning_text", "redacted_thinking"))
"""Kinds of parts of a message that are not the answer."""


class OpenAIModel(Endpoint):
    default_url = "https://api.openai.com/v1"
    key_variable = "OPENAI_API_KEY"
    url_variable = "OPENAI_BASE_URL"
    api = "an OpenAI-compatible API for chat completions"
    sdk = openai

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__(settings)
        self._requests = OpenAIRequests(settings, LIMITS if self.base_url == self.default_url else LIMITS[::-1])
        self._ignores_stream: set[str] = set()
        self._client = openai.AsyncOpenAI(
            api_key=settings.api_key or NO_KEY,
            base_url=self.base_url,
            max_retries=0,
            timeout=openai.Timeout(settings.timeout, connect=min(CONNECT_SECONDS, settings.timeout)),
            http_client=openai.DefaultAsyncHttpxClient(**client_options(settings, self.base_url)),
        )

    async def aclose(self) -> None:
        await self._client.close()

    async def stream(self, request: ModelRequest, name: str, answer: StreamedCompletion) -> None:
        opened = await self._open(request, name)
        answer.arrived = True
        if isinstance(opened, str):  # by a server that does not say that it is JSON
            opened = _completion(opened)
        if isinstance(opened, ChatCompletion):
            self._take_whole(opened, answer)
        else:
            async with opened:
                await self._take_stream(opened, name, answer)
        if answer.finish_reason == "content_filter" or (answer.refusal and not answer.text):
            raise self.say.filtered(answer.refusal)
        if not answer.finish_reason:
            raise self.say.broke_off() if answer.begun else self.say.not_an_answer()
        answer.take_thought_for_text()

    async def _open(self, request: ModelRequest, name: str) -> Any:
        """A stream of chunks, or a whole completion where the endpoint streams none."""
        while True:
            arguments = self._requests.arguments(request, name)
            call = self._client.chat.completions.create(**as_they_are(arguments))
            try:
                # who doesn't stream is silent until the answer is whole
                waits = not arguments["stream"] or name in self._ignores_stream
                return await call if waits else await self.unless_silent(call)
            except openai.APIStatusError as error:
                if not self._requests.learn(Fault.of(error), name, arguments):
                    raise

    async def _take_stream(self, stream: Any, name: str, answer: StreamedCompletion) -> None:
        chunks: AsyncIterator[Any] = self.pieces(stream, answer)
        if "event-stream" not in stream.response.headers.get("content-type", ""):
            text = await self._read_whole(stream.response)
            chunks = _chunks(text)
            if text.lstrip().startswith("{"):
                self._ignores_stream.add(name)
                self._take_whole(_completion(text), answer)
        async for chunk in chunks:
            answer.usage = _usage(getattr(chunk, "usage", None)) or answer.usage
            for choice in chunk.choices or ():
                if choice.delta:
                    _take(choice.delta, answer)
                answer.finish_reason = choice.finish_reason or answer.finish_reason
            if answer.full:
                answer.finish_reason = "length"
                break

    async def _read_whole(self, response: Any) -> str:
        """Of what does not say that it is a stream. Raises ModelFailed where it is longer than an answer can be."""
        parts, size = [], 0
        async for part in self.pieces(response.aiter_bytes()):
            parts.append(part)
            size += len(part)
            if size > MAX_PLAIN:
                raise self.say.not_an_answer()
        return b"".join(parts).decode("utf-8", "replace")

    def _take_whole(self, completion: Any, answer: StreamedCompletion) -> None:
        """Raises APIError for an error that a gateway answers with 200."""
        if error := getattr(completion, "error", None):
            raise openai.APIError("The answer is an error.", httpx2.Request("POST", self.base_url), body=error)
        answer.usage = _usage(getattr(completion, "usage", None))
        for choice in (getattr(completion, "choices", None) or ())[:1]:
            _take(choice.message, answer)
            answer.finish_reason = choice.finish_reason or ("stop" if answer.begun else "")
        if answer.full:
            answer.finish_reason = "length"


def _completion(text: str) -> ChatCompletion:
    return ChatCompletion.construct(**read_json(text))


async def _chunks(text: str) -> AsyncIterator[Any]:
    """Of a stream that goes by another content type."""
    for line in text.splitlines():
        kind, _, data = line.partition(":")
        if kind == "data" and data.strip() and data.strip() != "[DONE]":
            yield ChatCompletionChunk.construct(**json.loads(data))


def _take(delta: Any, answer: StreamedCompletion) -> None:
    """A piece of the message, or all of it."""
    if text := _text(delta.content):
        answer.add_text(text)
    if thought := getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None):
        answer.add_thought(str(thought))
    if refusal := getattr(delta, "refusal", None):
        answer.refusal += str(refusal)
    answer.extras.add(_others(delta, OURS))
    for number, call in enumerate(getattr(delta, "tool_calls", None) or ()):
        function = call.function
        index = getattr(call, "index", number)
        answer.add_call(
            index, call.id, function and function.name, function and function.arguments, _others(call, frozenset(("index",)))
        )


def _others(part: Any, known: frozenset[str]) -> dict[str, Any]:
    """What the SDK does not know of."""
    return {name: value for name, value in (part.model_extra or {}).items() if name not in known}


def _text(content: object) -> str:
    """Some servers send parts as their requests may have them: [{"type": "text", "text": …}]; a part may be a thought."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict) and part.get("type", "text") not in THOUGHTS]
        return "".join(str(part.get("text", "")) for part in parts)
    return content if isinstance(content, str) else ""


def _usage(reported: Any) -> Usage | None:
    """None where it is absent or not made of numbers."""
    tokens_in, tokens_out = getattr(reported, "prompt_tokens", None), getattr(reported, "completion_tokens", None)
    if not isinstance(tokens_in, int) or not isinstance(tokens_out, int):
        return None
    cached = getattr(getattr(reported, "prompt_tokens_details", None), "cached_tokens", None)
    if not isinstance(cached, int):
        cached = getattr(reported, "prompt_cache_hit_tokens", None)  # DeepSeek
    return Usage(tokens_in, tokens_out, cached if isinstance(cached, int) else 0)
