"""A small real HTTP server that speaks OpenAI's chat completions and has the quirks of real ones, by the model's name.

``with serve() as endpoint: ModelSettings("openai", "no-stream", base_url=endpoint.url)``. What it is asked is in ``requests``.
A name that is not a quirk answers as it should. ``ANSWERS`` are refusals by status and body, as providers shape them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from tests.support.scripted_openai import in_thread

Body = dict[str, Any]
OVERFLOW = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens."
WINDOW = 4_096
"""Tokens that ``cut`` reads of a prompt."""

ANSWERS: dict[str, tuple[int, Any]] = {
    "list-overflow": (400, [{"error": {"code": 400, "message": "The input token count (1234567) exceeds the maximum number of "
                                       "tokens allowed (1048576).", "status": "INVALID_ARGUMENT"}}]),
    "raw-overflow": (400, {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": OVERFLOW}}}),
    "raw-json-overflow": (
        400,
        {"error": {"message": "Provider returned error", "metadata": {"raw": json.dumps({"error": {"message": OVERFLOW}})}}},
    ),
    "text-overflow": (400, OVERFLOW),
    "proxy-overflow": (400, {"error": {"message": f"OpenAIException - {json.dumps({'error': {'message': OVERFLOW}})}"}}),
    "beside-overflow": (400, {"error": "Bad Request", "message": "too many tokens: total number of tokens in the prompt cannot "
                              "exceed 128000"}),
    "list-bad-key": (400, [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.",
                                      "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}]),
    "list-limited": (429, [{"error": {"code": 429, "message": "You exceeded your current quota.",
                                      "status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "31s"}]}}]),
    "no-credit": (429, {"error": {"message": "You exceeded your current quota, please check your plan and billing details.",
                                  "type": "insufficient_quota", "code": "insufficient_quota"}}),
    "echo": (422, {"detail": [{"loc": ["body", "messages", 0, "content"], "msg": "Input should be a valid list",
                               "input": f"{OVERFLOW} content_filter tools"}]}),
    "html": (502, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"),
    "empty": (400, ""),
    "error-with-200": (200, {"error": {"message": "Upstream is overloaded", "code": 503}}),
}  # fmt: skip


def says(message: str, status: int = 400, **more: Any) -> tuple[int, Any]:
    return status, {"error": {"message": message, "type": "invalid_request_error", **more}}


def _roles(body: Body) -> list[str]:
    return [message["role"] for message in body["messages"]]


def _detail(place: list[Any], msg: str) -> tuple[int, Any]:
    return 422, {"detail": [{"loc": ["body", *place], "msg": msg}]}


def _lacks(body: Body, field: str) -> bool:
    return any(message.get("tool_calls") and not message.get(field) for message in body["messages"])


def _calls(body: Body) -> list[Body]:
    return [call for message in body["messages"] for call in message.get("tool_calls") or ()]


REFUSALS: dict[str, Callable[[Body], tuple[int, Any] | None]] = {
    "no-system": lambda body: says(
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        param="messages[0].role", code="unsupported_value",
    ) if "system" in _roles(body) else None,
    "developer-only": lambda body: says("Role 'system' is not supported with this model. Use 'developer' instead.")
    if "system" in _roles(body) else None,
    "no-developer": lambda body: says("Developer instruction is not enabled for models/gemma-3-27b-it")
    if {"system", "developer"} & set(_roles(body)) else None,
    "template-500": lambda body: says("System role not supported", 500) if "system" in _roles(body) else None,
    "roles-422": lambda body: _detail(["messages", 0, "role"], "Input should be 'user', 'assistant' or 'tool'")
    if "system" in _roles(body) else None,
    "no-stream": lambda body: says(
        "Your organization must be verified to stream this model.", param="stream", code="unsupported_value"
    ) if body.get("stream") else None,
    "no-stream-no-type": lambda body: REFUSALS["no-stream"](body),
    "no-stream-403": lambda body: says("Streaming is not enabled for this account.", 403) if body.get("stream") else None,
    "detail-422": lambda body: _detail(["stream_options"], "Extra inputs are not permitted")
    if "stream_options" in body else None,
    "raw-limit": lambda body: (400, {"error": {
        "message": "Provider returned error", "metadata": {"raw": "Use max_completion_tokens instead of max_tokens."},
    }}) if "max_tokens" in body else None,
    "thinking": lambda body: says("Missing `reasoning_content` field in the assistant message at message index 2.")
    if _lacks(body, "reasoning_content") else None,
    "signed": lambda body: says("Function call is missing a thought_signature in functionCall parts.")
    if any(not call.get("extra_content") for call in _calls(body)) else None,
    "detailed": lambda body: says("reasoning_details are required with tool calls")
    if _lacks(body, "reasoning_details") else None,
    "strict": lambda body: says("property 'messages.2.reasoning' is unsupported")
    if any("reasoning" in message for message in body["messages"]) else None,
    "forgetful": lambda body: says("Missing `reasoning_content` field in the assistant message") if _calls(body) else None,
    "all-at-once": lambda body: REFUSALS["no-system"](body) or REFUSALS["no-stream"](body) or REFUSALS["raw-limit"](body),
}  # fmt: skip

BESIDE_A_CALL: dict[str, list[Body]] = {
    "thinking": [{"reasoning_content": "let me "}, {"reasoning_content": "look"}],
    "signed": [],
    "detailed": [
        {"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "let "}]},
        {"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "me"}]},
        {"reasoning_details": [{"type": "reasoning.text", "index": 0, "signature": "c2ln", "format": "v1"}]},
        {"reasoning_details": [{"type": "reasoning.encrypted", "index": 1, "data": "ZGF0YQ=="}]},
    ],
    "strict": [{"reasoning": "let me look"}],
    "forgetful": [],
    "endless": [{"reasoning_details": [{"type": "reasoning.encrypted", "data": "QUFB" * 1000}]}] * 100,
}
"""Models that call ``list_files`` once, and what they send before that."""
SIGNATURE = {"google": {"thought_signature": "c2lnbmF0dXJl"}}


class QuirkyEndpoint:
    """``requests`` holds the body of every request so far."""

    def __init__(self) -> None:
        self.requests: list[Body] = []
        self.url = ""

    async def start(self) -> web.AppRunner:
        app = web.Application(client_max_size=32 * 1024**2)
        app.router.add_post("/v1/chat/completions", self._complete)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        name = body["model"]
        refused = ANSWERS.get(name) or (REFUSALS[name](body) if name in REFUSALS else None)
        if refused is not None:
            return _response(*refused)
        deltas, usage = _deltas(name, body), _usage(name, body)
        end = "tool_calls" if any("tool_calls" in delta for delta in deltas) else "stop"
        if name in ("ignores-stream", "no-type", "ignores-stream-calling") or not body.get("stream"):
            message = {name: value for delta in deltas for name, value in delta.items()}
            whole = {"id": "1", "object": "chat.completion", "created": 1, "model": name, "usage": usage,
                     "choices": [{"index": 0, "message": message, "finish_reason": end}]}  # fmt: skip
            return web.Response(text=json.dumps(whole), content_type="text/plain" if "no-type" in name else "application/json")
        stream = web.StreamResponse(headers={"content-type": "text/plain" if name == "odd-type" else "text/event-stream"})
        await stream.prepare(request)
        choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
        parts: list[Body] = [{"choices": [choice]} for choice in choices]
        parts += [{"choices": [{"index": 0, "delta": {}, "finish_reason": end}]}, {"choices": [], "usage": usage}]
        for part in parts:
            told = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": name, **part}
            await stream.write(f"data: {json.dumps(told)}\n\n".encode())
        await stream.write(b"data: [DONE]\n\n")
        return stream


def _deltas(name: str, body: Body) -> list[Body]:
    start = {"role": "assistant", "content": ""}
    if name == "reasoning-only":
        return [{**start, "reasoning_content": "the "}, {"reasoning_content": "answer"}]
    wants = name in BESIDE_A_CALL or name == "ignores-stream-calling"
    if not wants or any(role == "tool" for role in _roles(body)) or not body.get("tools"):
        return [{"role": "assistant", "content": "ok"}]
    tool = body["tools"][0]["function"]["name"]
    call: Body = {"index": 0, "id": "c1", "type": "function", "function": {"name": tool, "arguments": "{}"}}
    if name == "signed":
        call["extra_content"] = SIGNATURE
    if name == "ignores-stream-calling":
        del call["index"]
        return [{**start, "tool_calls": [call, {**call, "id": "c2"}]}]
    return [start, *BESIDE_A_CALL[name], {"tool_calls": [call]}]


def _usage(name: str, body: Body) -> Body:
    size = sum(len(str(message.get("content") or "")) for message in body["messages"]) // 4 + 1
    if name == "cut":
        size = min(size, WINDOW)
    return {"prompt_tokens": size, "completion_tokens": 1, "total_tokens": size + 1}


def _response(status: int, body: Any) -> web.Response:
    if isinstance(body, str):
        return web.Response(text=body, status=status, content_type="text/html" if body.startswith("<") else "text/plain")
    return web.json_response(body, status=status)


@contextmanager
def serve() -> Iterator[QuirkyEndpoint]:
    """In a thread of its own."""
    endpoint = QuirkyEndpoint()
    with in_thread(endpoint.start, "quirky-endpoint"):
        yield endpoint
