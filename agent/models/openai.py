"""Any endpoint that speaks OpenAI's chat completions: OpenAI, Azure, OpenRouter, vLLM, Ollama, LM Studio.

Format: https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

import json
from typing import Any

import openai

from agent.models.endpoint import Endpoint
from agent.models.error_classification import Fault
from agent.models.http import CONNECT_SECONDS, NO_KEY, client_options
from agent.models.settings import ModelSettings
from agent.models.streaming import StreamedCompletion, Usage
from agent.ports import ChatMessage, ModelRequest, ToolCall, ToolSpec

LIMITS = ("max_completion_tokens", "max_tokens")
"""The names of an answer's limit: OpenAI's newer models refuse the second, many other servers do not know the first."""


class OpenAIModel(Endpoint):
    default_url = "https://api.openai.com/v1"
    key_variable = "OPENAI_API_KEY"
    url_variable = "OPENAI_BASE_URL"
    api = "an OpenAI-compatible API for chat completions"
    sdk = openai

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__(settings)
        self._refused: set[str] = set()
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
        stream = await self.unless_silent(self._open(request, name))
        async with stream:
            async for chunk in self.pieces(stream):
                answer.usage = _usage(getattr(chunk, "usage", None)) or answer.usage
                for choice in chunk.choices or ():
                    if choice.delta:
                        _take(choice.delta, answer)
                    answer.finish_reason = choice.finish_reason or answer.finish_reason
                if answer.full:
                    answer.finish_reason = "length"
                    break
        if answer.finish_reason == "content_filter" or (answer.refusal and not answer.text):
            raise self.say.filtered(answer.refusal)
        if not answer.finish_reason:
            raise self.say.broke_off() if answer.begun else self.say.not_an_answer()

    async def _open(self, request: ModelRequest, name: str) -> Any:
        while True:
            arguments = self._arguments(request, name)
            try:
                return await self._client.chat.completions.create(**arguments)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if not self._can_do_without(error, arguments):
                    raise

    def _arguments(self, request: ModelRequest, name: str) -> dict[str, Any]:
        arguments: dict[str, Any] = {"model": name, "messages": [_message(m) for m in request.messages], "stream": True}
        if request.tools:
            arguments["tools"] = [_tool(tool) for tool in request.tools]
        if "stream_options" not in self._refused:
            arguments["stream_options"] = {"include_usage": True}
        # without a setting none is sent: servers refuse a limit that passes their model's; the stream is cut instead
        limits = LIMITS if self.base_url == self.default_url else tuple(reversed(LIMITS))
        usable = [limit for limit in limits if limit not in self._refused]
        if self.settings.max_output_tokens is not None and usable:
            arguments[usable[0]] = self.settings.max_output_tokens
        return arguments

    def _can_do_without(self, error: openai.APIStatusError, arguments: dict[str, Any]) -> bool:
        """Whether the server refuses an optional parameter, which is then never sent again."""
        if Fault.of(error).classify(with_tools=False) != "refused":
            return False
        known = {name for name in ("stream_options", *LIMITS) if name in arguments and name in error.message}
        self._refused |= known
        return bool(known)


def _take(delta: Any, answer: StreamedCompletion) -> None:
    if text := _text(delta.content):
        answer.add_text(text)
    if thought := getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None):
        answer.add_thought(str(thought))
    if refusal := getattr(delta, "refusal", None):
        answer.refusal += str(refusal)
    for call in getattr(delta, "tool_calls", None) or ():
        function = call.function
        answer.add_call(call.index, call.id, function and function.name, function and function.arguments)


def _text(content: object) -> str:
    """Some servers send parts as their requests may have them: [{"type": "text", "text": …}]."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
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


def _message(message: ChatMessage) -> dict[str, Any]:
    data: dict[str, Any] = {"role": message["role"], "content": message["content"]}
    if calls := message.get("tool_calls"):
        data["tool_calls"] = [_call(call) for call in calls]
    if "tool_call_id" in message:
        data["tool_call_id"] = message["tool_call_id"]
    return data


def _call(call: ToolCall) -> dict[str, Any]:
    # what was malformed goes back as no arguments: templates of servers parse it; the tool's result says what was wrong
    arguments = json.dumps(call["arguments"], ensure_ascii=False)
    return {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": arguments}}


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}
