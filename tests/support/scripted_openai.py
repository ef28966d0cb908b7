"""A small real HTTP server that speaks OpenAI's streaming chat completions and answers by a script.

In a test: ``with serve(script) as server: OpenAIModel("scripted", api_key="k", base_url=server.url)``. As a process:
``python -m tests.support.scripted_openai --port 0 --script FILE`` prints its URL; FILE is Python that defines ``answer``.

A script is a function of the request's messages that returns the answer's text, or a ``Reply`` for tool calls and faults.
Faults beyond ``Fault``: a ``status`` with ``headers`` (429 with Retry-After), ``delay`` (a stall before the headers), ``usage``
(wrong or absent numbers), ``finish_reason`` (length, content_filter). ``NO_TOOLS`` is what servers say that take no tools.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import runpy
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from .patience import SOON

Message = dict[str, str]
Fault = Literal["stall", "half_stream", "garbage", "html", "error_in_stream"]
Style = Literal["openai", "no_ids", "one_index", "repeating", "objects"]
PIECE = 200
NO_TOOLS = "registry.ollama.ai/library/scripted:latest does not support tools"


@dataclass(frozen=True)
class Call:
    """A tool call. ``arguments`` is sent as it is where it is text, however malformed."""

    name: str
    arguments: str | dict[str, Any] = field(default_factory=dict)
    id: str | None = None


@dataclass(frozen=True)
class Reply:
    """An answer and how it is given. ``stall`` and ``half_stream`` begin after half of ``text``."""

    text: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    finish_reason: str = "stop"
    usage: bool | dict[str, Any] = True
    """False: none is told; a dict is told as it is."""
    calls: Sequence[Call] = ()
    style: Style = "openai"
    """How servers stream calls: ids and names once; no ids; every call whole and with index 0; ids and names with each piece;
    arguments as objects instead of text."""
    reasoning: str = ""
    """Thinking, streamed as ``reasoning_content`` before the text."""
    refusal: str = ""
    code: str = ""
    """Of an error; empty: the status."""
    delay: float = 0.0
    """Seconds before the answer begins."""


Script = Callable[[list[Message]], "str | Reply"]


class ScriptedOpenAI:
    """``requests`` holds the body of every request so far, its headers under ``_headers``, who asked under
    ``_peer``, and the text of the answer that was begun, or "", under ``_answer``."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.url = ""
        self.cut = False
        """The network is: every connection is reset."""

    def app(self) -> web.Application:
        app = web.Application(client_max_size=32 * 1024**2)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._models)
        return app

    async def start(self, port: int = 0) -> web.AppRunner:
        """Serves on a loopback port (0: a free one) until the runner's ``cleanup``."""
        runner = web.AppRunner(self.app(), shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "scripted", "object": "model"}]})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        peer = request.transport and request.transport.get_extra_info("peername")
        received = {**body, "_headers": dict(request.headers), "_peer": peer, "_answer": ""}
        self.requests.append(received)
        said = await asyncio.to_thread(self.script, body["messages"])
        if self.cut and request.transport is not None:
            request.transport.abort()
            raise ConnectionResetError("the network is cut")
        reply = said if isinstance(said, Reply) else Reply(said)
        await asyncio.sleep(reply.delay)
        if reply.status != 200:
            error = {
                "error": {
                    "message": reply.text or "scripted error",
                    "type": "scripted",
                    "code": reply.code or str(reply.status),
                }
            }
            return web.json_response(error, status=reply.status, headers=reply.headers)
        received["_answer"] = reply.text
        if reply.fault == "html":
            return web.Response(text="<html><body>Welcome</body></html>", content_type="text/html")
        return await self._stream(request, body, reply)

    async def _stream(self, request: web.Request, body: dict[str, Any], reply: Reply) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream", **reply.headers})
        await response.prepare(request)
        base = {"id": "scripted-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}

        async def send(data: dict[str, Any] | str) -> None:
            text = data if isinstance(data, str) else json.dumps({**base, **data})
            await response.write(f"data: {text}\n\n".encode())

        async def delta(**data: Any) -> None:
            await send({"choices": [{"index": 0, "delta": data, "finish_reason": None}]})

        for at in range(0, len(reply.reasoning), PIECE):
            await delta(reasoning_content=reply.reasoning[at : at + PIECE])
        if reply.refusal:
            await delta(refusal=reply.refusal)
        shown = reply.text[: len(reply.text) // 2] if reply.fault in ("stall", "half_stream") else reply.text
        for at in range(0, len(shown), PIECE):
            await delta(content=shown[at : at + PIECE])
        match reply.fault:
            case "stall":
                await asyncio.sleep(3600)
            case "half_stream":
                assert request.transport is not None
                request.transport.abort()
                return response
            case "garbage":
                await send("{this is not JSON")
                return response
            case "error_in_stream":
                await send(json.dumps({"error": {"message": "the backend fell over", "type": "server_error"}}))
                return response
        for piece in pieces_of(reply.calls, reply.style):
            await delta(tool_calls=[piece])
        finish = "tool_calls" if reply.calls and reply.finish_reason == "stop" else reply.finish_reason
        await send({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        if isinstance(reply.usage, dict):
            await send({"choices": [], "usage": reply.usage})
        elif reply.usage and (body.get("stream_options") or {}).get("include_usage"):
            await send({"choices": [], "usage": usage_of(body["messages"], reply.text)})
        await send("[DONE]")
        return response


def pieces_of(calls: Sequence[Call], style: Style) -> Iterator[dict[str, Any]]:
    """The ``tool_calls`` of the deltas, one by one."""
    for index, call in enumerate(calls):
        text = call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)
        id = call.id or f"call_scripted_{index}"
        match style:
            case "one_index":
                yield {"index": 0, "id": id, "type": "function", "function": {"name": call.name, "arguments": text}}
                continue
            case "objects":
                yield {
                    "index": index,
                    "id": id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                continue
        head: dict[str, Any] = {} if style == "no_ids" else {"id": id, "type": "function"}
        yield {"index": index, **head, "function": {"name": call.name, "arguments": ""}}
        for at in range(0, len(text), 7):
            again = {**head, "function": {"name": call.name}} if style == "repeating" else {"function": {}}
            yield {"index": index, **again, "function": {**again["function"], "arguments": text[at : at + 7]}}


def usage_of(messages: Sequence[Message], text: str) -> dict[str, int]:
    """What this server bills: a token for every four characters, at least one."""
    prompt = sum(len(message["content"] or "") for message in messages) // 4 + 1
    answer = len(text) // 4 + 1
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}


@contextmanager
def serve(script: Script, port: int = 0) -> Iterator[ScriptedOpenAI]:
    """The server in a thread of its own, so that synchronous tests and other processes can use it."""
    server = ScriptedOpenAI(script)
    with in_thread(lambda: server.start(port), "scripted-openai"):
        yield server


@contextmanager
def in_thread(start: Callable[[], Coroutine[Any, Any, web.AppRunner]], name: str) -> Iterator[None]:
    """Runs what ``start`` starts on a loop of its own, until the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=name, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(SOON)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(_close(runner), loop).result(SOON)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SOON)
        loop.close()


async def _close(runner: web.AppRunner) -> None:
    await runner.cleanup()
    hanging = asyncio.all_tasks() - {asyncio.current_task()}
    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.scripted_openai", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", required=True, help="a Python file that defines answer(messages) -> text or Reply")
    options = parser.parse_args()
    script: Script = runpy.run_path(options.script)["answer"]

    async def forever() -> None:
        server = ScriptedOpenAI(script)
        await server.start(options.port)
        print(server.url, flush=True)
        await asyncio.Event().wait()

    asyncio.run(forever())


if __name__ == "__main__":
    main()
