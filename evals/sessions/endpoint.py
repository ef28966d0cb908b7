"""A small real HTTP server that speaks OpenAI's chat completions and gives scripted answers, streamed where that is wanted.

It keeps each request as it came, for the counting, and how long it took to answer, which is nobody's own time.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

from agent.ports import JSONObject
from evals.sessions.answers import ScriptedAnswer

MODEL = "scripted"


class ScriptEnded(Exception):
    """A sentence: what was asked that nobody wrote an answer for."""


class ScriptedEndpoint:
    """``answer`` says what comes next for a request; it raises ScriptEnded where nothing does."""

    def __init__(self, answer: Callable[[JSONObject], ScriptedAnswer]) -> None:
        self._answer = answer
        self._ids = count(1)
        self.requests: list[JSONObject] = []
        """Tools and messages of each, in order."""
        self.problems: list[str] = []
        self.seconds = 0.0
        self.url = ""

    def reply(self, body: JSONObject) -> JSONObject | None:
        """The message of the assistant, or None where the script has ended."""
        request = {"tools": body.get("tools") or [], "messages": body["messages"]}
        self.requests.append(request)
        try:
            said = self._answer(request)
        except ScriptEnded as error:
            self.problems.append(str(error))
            return None
        message: JSONObject = {"role": "assistant", "content": said.text}
        if said.calls:
            message["tool_calls"] = [
                {
                    "id": f"call_{next(self._ids)}",
                    "type": "function",
                    "function": {"name": name, "arguments": json.dumps(given)},
                }
                for name, given in said.calls
            ]
        return message


@contextmanager
def serve(endpoint: ScriptedEndpoint) -> Iterator[None]:
    """On a free port of this machine, in threads, so that other processes can ask it too."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(200, {"object": "list", "data": [{"id": MODEL, "object": "model"}]})

        def do_POST(self) -> None:
            begun = time.monotonic()
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            message = endpoint.reply(body)
            if message is None:
                self._send(400, {"error": {"message": endpoint.problems[-1], "type": "script", "code": "script_ended"}})
            elif body.get("stream"):
                self._stream(message)
            else:
                self._send(200, _whole(message))
            endpoint.seconds += time.monotonic() - begun

        def _send(self, status: int, data: JSONObject, kind: str = "application/json") -> None:
            self._write(status, json.dumps(data).encode(), kind)

        def _stream(self, message: JSONObject) -> None:
            sent = "".join(f"data: {piece}\n\n" for piece in _pieces(message))
            self._write(200, sent.encode(), "text/event-stream")

        def _write(self, status: int, data: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:
            """What was asked is in ``requests``."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="scripted-endpoint", daemon=True)
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def _reason(message: JSONObject) -> str:
    return "tool_calls" if "tool_calls" in message else "stop"


def _whole(message: JSONObject) -> JSONObject:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}  # what is counted is counted here, for both alike
    choice = {"index": 0, "message": message, "finish_reason": _reason(message)}
    return {"id": "scripted", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice], "usage": usage}


def _pieces(message: JSONObject) -> Iterator[str]:
    base = {"id": "scripted", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
    delta = {**message}
    if "tool_calls" in message:
        delta["tool_calls"] = [{"index": index, **call} for index, call in enumerate(message["tool_calls"])]
    yield json.dumps({**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield json.dumps({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": _reason(message)}]})
    yield "[DONE]"
