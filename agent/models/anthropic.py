"""Anthropic's Messages API, streamed.

Format: https://docs.anthropic.com/en/api/messages and https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

from __future__ import annotations

from typing import Any

import anthropic

from agent.models.anthropic_messages import THOUGHTS, conversation
from agent.models.endpoint import Endpoint
from agent.models.error_classification import Fault
from agent.models.http import CONNECT_SECONDS, NO_KEY, as_they_are, client_options
from agent.models.prices import longest_answer
from agent.models.settings import ModelSettings
from agent.models.streaming import StreamedCompletion, Usage
from agent.patterns import linear
from agent.ports import ModelRequest

FINISH = {"end_turn": "stop", "stop_sequence": "stop", "pause_turn": "stop", "tool_use": "tool_calls", "max_tokens": "length"}
_HIGHEST = linear(r"max_tokens: \d{1,9} > (\d{1,9})")
_THOUGHTS = linear(r"(?i)\bthinking\b|redacted_thinking|\bsignature\b")


class AnthropicModel(Endpoint):
    default_url = "https://api.anthropic.com"
    key_variable = "ANTHROPIC_API_KEY"
    url_variable = "ANTHROPIC_BASE_URL"
    api = "Anthropic's Messages API"
    sdk = anthropic

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__(settings)
        self._highest: dict[str, int] = {}
        self._without_thoughts: set[str] = set()
        self._client = anthropic.AsyncAnthropic(
            api_key=settings.api_key or NO_KEY,
            base_url=self.base_url,
            max_retries=0,
            timeout=anthropic.Timeout(settings.timeout, connect=min(CONNECT_SECONDS, settings.timeout)),
            http_client=anthropic.DefaultAsyncHttpxClient(**client_options(settings, self.base_url)),
        )

    async def aclose(self) -> None:
        await self._client.close()

    def cost_surcharge(self, usage: Usage) -> int:
        return usage.written

    async def stream(self, request: ModelRequest, name: str, answer: StreamedCompletion) -> None:
        stream = await self.unless_silent(self._open(request, name))
        answer.arrived = True
        async with stream:
            async for event in self.pieces(stream, answer):
                self._take(event, answer)
                if answer.full:
                    answer.finish_reason = "length"
                    break
        match answer.finish_reason:
            case "":
                raise self.say.broke_off() if answer.begun else self.say.not_an_answer()
            case "refusal":
                raise self.say.filtered()
            case "model_context_window_exceeded":
                raise self.say.overflow(name, "the answer would pass the context window")
        answer.finish_reason = FINISH.get(answer.finish_reason, answer.finish_reason)

    async def _open(self, request: ModelRequest, name: str) -> Any:
        while True:
            with_thoughts = name not in self._without_thoughts
            arguments = conversation(request, name, with_thoughts=with_thoughts)
            limit = self.settings.max_output_tokens or longest_answer(request)
            limit = min(limit, self._highest.get(name, limit))
            try:
                return await self._client.messages.create(model=name, max_tokens=limit, stream=True, **as_they_are(arguments))
            except anthropic.BadRequestError as error:
                fault = Fault.of(error)
                if (hit := _HIGHEST.search(fault.said)) is not None and int(hit[1]) < limit:
                    # the API wants a limit, and refuses one that passes the model's: it names that
                    self._highest[name] = int(hit[1])
                elif with_thoughts and _refuses_thoughts(fault, arguments):
                    self._without_thoughts.add(name)
                else:
                    raise

    def _take(self, event: Any, answer: StreamedCompletion) -> None:
        match event.type:
            case "message_start":
                answer.usage = _usage(event.message.usage, None)
            case "content_block_start" if event.content_block.type == "tool_use":
                answer.add_call(
                    event.index, event.content_block.id, event.content_block.name, event.content_block.input or None
                )
            case "content_block_start" if event.content_block.type == "thinking":
                thought, signature = (getattr(event.content_block, name, "") for name in ("thinking", "signature"))
                answer.extras.add(_thought(event.index, "thinking", thinking=thought, signature=signature))
            case "content_block_start" if event.content_block.type == "redacted_thinking":
                answer.extras.add(_thought(event.index, "redacted_thinking", data=getattr(event.content_block, "data", "")))
            case "content_block_start" if event.content_block.type == "text" and event.content_block.text:
                answer.add_text(event.content_block.text)
            case "content_block_delta":
                delta = event.delta
                if delta.type == "text_delta":
                    answer.add_text(delta.text)
                elif delta.type == "input_json_delta":
                    answer.add_call(event.index, None, None, delta.partial_json)
                elif delta.type == "thinking_delta":
                    answer.add_thought(delta.thinking)
                    answer.extras.add(_thought(event.index, "thinking", thinking=delta.thinking))
                elif delta.type == "signature_delta":
                    answer.extras.add(_thought(event.index, "thinking", signature=delta.signature))
            case "message_delta":
                answer.usage = _usage(event.usage, answer.usage)
                answer.finish_reason = event.delta.stop_reason or answer.finish_reason


def _thought(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    """A piece of a block of thinking, as ``Extras`` puts them together."""
    return {THOUGHTS: [{"type": kind, "index": index, **fields}]}


def _refuses_thoughts(fault: Fault, arguments: dict[str, Any]) -> bool:
    """Whether the blocks of thinking that were sent are what it does not take: those of another deployment, or of none."""
    sent = any(block["type"].endswith("thinking") for message in arguments["messages"] for block in message["content"])
    return sent and not fault.wants_extras and _THOUGHTS.search(fault.said) is not None


def _usage(reported: Any, before: Usage | None) -> Usage | None:
    """Anthropic counts what was read from and written to its cache beside the input, and cumulates in later events."""
    fresh = _number(reported, "input_tokens")
    read, written = _number(reported, "cache_read_input_tokens") or 0, _number(reported, "cache_creation_input_tokens") or 0
    tokens_out = _number(reported, "output_tokens") or 0
    if fresh is None and before is None:
        return None
    if fresh is None or (before is not None and fresh + read + written < before.tokens_in):
        assert before is not None
        return Usage(before.tokens_in, tokens_out, before.cached, before.written)
    return Usage(fresh + read + written, tokens_out, read, written)


def _number(reported: Any, name: str) -> int | None:
    value = getattr(reported, name, None)
    return value if isinstance(value, int) else None
