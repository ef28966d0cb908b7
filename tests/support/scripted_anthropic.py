"""A small real HTTP server that speaks Anthropic's streaming Messages API and answers by a script.

In a test: ``with serve(script) as server`` and a model of kind ``anthropic`` with ``base_url=server.url``. A script is a
function of the request's body that returns the answer's text, or a ``Reply``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from tests.support import scripted_openai as openai
from tests.support.scripted_openai import Call, in_thread

Fault = Literal["stall", "half_stream", "html", "error_in_stream"]
PIECE = 200


@dataclass(frozen=True)
class Reply:
    """An answer and how it is given. ``error`` is the type of an error that ``status`` or ``error_in_stream`` tells."""

    text: str = ""
    calls: Sequence[Call] = ()
    thinking: str = ""
    signature: str = ""
    redacted: str = ""
    """Thinking that is not shown, before the text."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    error: str = "api_error"
    fault: Fault | None = None
    stop_reason: str = ""
    usage: dict[str, Any] | None = None
    """Added to, or in place of, what the server counts."""
    delay: float = 0.0


Script = Callable[[dict[str, Any]], "str | Reply"]


class ScriptedAnthropic:
    """``requests`` holds the body of every request so far, and its headers under ``_headers``."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.url = ""

    async def start(self) -> web.AppRunner:
        """Serves on a free loopback port until the runner's ``cleanup``."""
        app = web.Application(client_max_size=32 * 1024**2)
        app.router.add_post("/v1/messages", self._messages)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append({**body, "_headers": dict(request.headers)})
        wrong = broken_rule(body)
        said = Reply(wrong, status=400, error="invalid_request_error") if wrong else self.script(body)
        reply = said if isinstance(said, Reply) else Reply(said)
        await asyncio.sleep(reply.delay)
        if reply.status != 200:
            return web.json_response(error_of(reply), status=reply.status, headers=reply.headers)
        if reply.fault == "html":
            return web.Response(text="<html><body>Welcome</body></html>", content_type="text/html")
        return await self._stream(request, body, reply)

    async def _stream(self, request: web.Request, body: dict[str, Any], reply: Reply) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream", **reply.headers})
        await response.prepare(request)

        async def send(type: str, **data: Any) -> None:
            await response.write(f"event: {type}\ndata: {json.dumps({'type': type, **data})}\n\n".encode())

        usage = {"input_tokens": len(json.dumps(body["messages"])) // 4, **(reply.usage or {})}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": body["model"]}
        await send("message_start", message={**message, "stop_reason": None, "usage": {**usage, "output_tokens": 1}})
        await send("ping")
        for index, block in enumerate(blocks_of(reply)):
            await send("content_block_start", index=index, content_block=block["start"])
            for delta in block["deltas"]:
                await send("content_block_delta", index=index, delta=delta)
            if reply.fault == "stall":
                await asyncio.sleep(3600)
            if reply.fault == "half_stream":
                assert request.transport is not None
                request.transport.abort()
                return response
            if reply.fault == "error_in_stream":
                await send("error", error={"type": reply.error, "message": "the backend fell over"})
                return response
            await send("content_block_stop", index=index)
        stop_reason = reply.stop_reason or ("tool_use" if reply.calls else "end_turn")
        out = {
            "output_tokens": len(reply.text) // 4 + 1,
            **{k: v for k, v in (reply.usage or {}).items() if k == "output_tokens"},
        }
        await send("message_delta", delta={"stop_reason": stop_reason, "stop_sequence": None}, usage=out)
        await send("message_stop")
        return response


def by_messages(script: openai.Script) -> Script:
    """A script of the other scripted server: it gets the conversation as text, and its faults are not played."""

    def answer(body: dict[str, Any]) -> Reply:
        messages = [
            {"role": m["role"], "content": "\n".join(b.get("text", "") for b in m["content"])} for m in body["messages"]
        ]
        said = script(messages)
        return Reply(said.text, calls=said.calls) if isinstance(said, openai.Reply) else Reply(said)

    return answer


def error_of(reply: Reply) -> dict[str, Any]:
    return {"type": "error", "error": {"type": reply.error, "message": reply.text or "scripted error"}}


def broken_rule(body: dict[str, Any]) -> str:
    """What the API would refuse, in its words; empty where it would not."""
    messages = body["messages"]
    marks = json.dumps(body).count('"cache_control"')
    if marks > 4:
        return f"A maximum of 4 blocks with cache_control may be provided. Found {marks}."
    if not messages or messages[0]["role"] != "user":
        return "messages: first message must use the user role"
    open_calls: set[str] = set()
    for message in messages:
        blocks = message["content"]
        if any(block["type"] == "text" and not block["text"].strip() for block in blocks):
            return "messages: text content blocks must contain non-whitespace text"
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if set(results) != open_calls or [b["type"] for b in blocks[: len(results)]] != ["tool_result"] * len(results):
            return "messages: `tool_use` ids were found without `tool_result` blocks immediately after"
        open_calls = {block["id"] for block in blocks if block["type"] == "tool_use"}
    if '"tool_use"' in json.dumps(messages) and not body.get("tools"):
        return "Requests which include `tool_use` or `tool_result` blocks must define tools."
    return ""


def blocks_of(reply: Reply) -> Iterator[dict[str, Any]]:
    if reply.thinking:
        yield {
            "start": {"type": "thinking", "thinking": ""},
            "deltas": [
                *({"type": "thinking_delta", "thinking": piece} for piece in (reply.thinking[:3], reply.thinking[3:])),
                *([{"type": "signature_delta", "signature": reply.signature}] if reply.signature else []),
            ],
        }
    if reply.redacted:
        yield {"start": {"type": "redacted_thinking", "data": reply.redacted}, "deltas": []}
    if reply.text:
        pieces = [reply.text[at : at + PIECE] for at in range(0, len(reply.text), PIECE)]
        yield {"start": {"type": "text", "text": ""}, "deltas": [{"type": "text_delta", "text": piece} for piece in pieces]}
    for number, call in enumerate(reply.calls):
        text = call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)
        pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
        yield {
            "start": {"type": "tool_use", "id": call.id or f"toolu_{number}", "name": call.name, "input": {}},
            "deltas": [{"type": "input_json_delta", "partial_json": piece} for piece in ("", *pieces)],
        }


@contextmanager
def serve(script: Script) -> Iterator[ScriptedAnthropic]:
    server = ScriptedAnthropic(script)
    with in_thread(server.start, "scripted-anthropic"):
        yield server
