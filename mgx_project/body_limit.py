"""No request may fill the disk: Django's ASGI handler spools a whole body before any view can refuse it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .common.problems import CONTENT_TYPE, problem
from .common.rendering import dumps

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


BODY_SECONDS = 30.0


class _TooLarge(Exception):
    pass


class BodyLimit:
    """Reads the body of an HTTP request up to ``limit`` bytes and answers 413 as soon as it is longer, 408 when it
    takes longer than ``seconds``: whoever sends a byte now and then holds no connection.

    The application gets it whole and with its length, which a chunked request doesn't say (WSGI-minded parsers then see none).
    """

    def __init__(self, application: Application, *, limit: int, seconds: float = BODY_SECONDS) -> None:
        self._application, self._limit, self._seconds = application, limit, seconds

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
            async with asyncio.timeout(self._seconds):
                body = await self._read(receive)
        except _TooLarge:
            await self._refuse(send)
            return
        except TimeoutError:
            late = f"The request body did not arrive within {self._seconds:g} seconds."
            await self._refuse(send, 408, "too_slow", late)
            return
        if body is None:
            return
        known = [(name, value) for name, value in scope["headers"] if name not in {b"content-length", b"transfer-encoding"}]
        known.append((b"content-length", str(len(body)).encode()))
        await self._application({**scope, "headers": known}, _whole(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        """None if the client disconnected in the middle of it."""
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

    async def _refuse(self, send: Send, status: int = 413, code: str = "too_large", detail: str = "") -> None:
        document = dumps(problem(status, code, detail or f"The request body is larger than {self._limit} bytes."))
        headers = [
            (b"content-type", CONTENT_TYPE.encode()),
            (b"content-length", str(len(document)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": document})


def _whole(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message
