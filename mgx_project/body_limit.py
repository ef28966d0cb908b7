"""No request may fill the disk: Django's ASGI handler spools a whole body before any view can refuse it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .common.problems import CONTENT_TYPE, problem
from .common.rendering import dumps

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class _TooLarge(Exception):
    pass


class BodyLimit:
    """Reads the body of an HTTP request up to ``limit`` bytes and answers 413 as soon as it is longer.

    The application gets it whole and with its length, which a chunked request doesn't say (WSGI-minded parsers then see none).
    """

    def __init__(self, application: Application, *, limit: int) -> None:
        self._application, self._limit = application, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > self._limit:
            await self._refuse(send)
            return
        if length in {b"", b"0"} and b"transfer-encoding" not in headers:
            await self._application(scope, receive, send)
            return
        try:
            body = await self._read(receive)
        except _TooLarge:
            await self._refuse(send)
            return
        if body is None:
            return
        known = [(name, value) for name, value in scope["headers"] if name not in {b"content-length", b"transfer-encoding"}]
        known.append((b"content-length", str(len(body)).encode()))
        await self._application({**scope, "headers": known}, _whole(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        """None when the client went away in the middle of it."""
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > self._limit:
                raise _TooLarge
            if not message.get("more_body"):
                return bytes(body)

    async def _refuse(self, send: Send) -> None:
        document = dumps(problem(413, "too_large", f"The request body is larger than {self._limit} bytes."))
        headers = [
            (b"content-type", CONTENT_TYPE.encode()),
            (b"content-length", str(len(document)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": document})


def _whole(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message
