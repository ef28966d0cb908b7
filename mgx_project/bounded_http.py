"""uvicorn's protocols with bounds on what a stranger may send before anybody is asked, on how long it may take, and on how many
connections one address holds.

The parser keeps headers of any length and waits for them for ever; uvicorn bounds only the pause between two requests. Bodies
are bounded in `body_limit.py`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from . import open_connections
from .common.problems import CONTENT_TYPE, problem
from .common.rendering import dumps

MAX_HEAD_BYTES = 32 * 1024
MAX_HEADERS = 100
HEAD_SECONDS = 10.0
"""From the connection, or the first byte of a further request, to the end of the headers."""
MAX_SILENT_BYTES = 1024 * 1024
"""Of a body, between two pieces of it: trailers and the like, which the parser keeps."""
WRITE_SECONDS = 60.0
"""How long a client may leave an answer unread while more of it waits."""


class _Refused(Exception):
    """Ends the parser's work on this connection."""


class BoundedHttp(HttpToolsProtocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._head_bytes = self._whole_head = self._silent_bytes = 0
        self._refusal: tuple[int, str, str] | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._group = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        group = open_connections.enter(_peer(transport))
        if group is None:
            self._refuse(429, "too_many_connections", "Too many open connections from this address. Close some and try again.")
            return
        self._group = group
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timers()
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._in_head:
            self._await_head()
            # what the parser holds of an unfinished header is not told to it
            self._head_bytes += len(data)
        else:
            self._silent_bytes += len(data)
        super().data_received(data)
        if self._silent_bytes > MAX_SILENT_BYTES:
            self.transport.abort()
        elif self._in_head and self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(431, "headers_too_large", f"The request headers are larger than {MAX_HEAD_BYTES} bytes.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._whole_head = True, 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(len(name) + len(value) + 4)
        if len(self.headers) > MAX_HEADERS:
            self._refusal = (431, "headers_too_large", f"The request has more than {MAX_HEADERS} headers.")
            raise _Refused

    def _count(self, size: int) -> None:
        self._whole_head += size
        if self._whole_head > MAX_HEAD_BYTES:
            self._refusal = (431, "headers_too_large", f"The request headers are larger than {MAX_HEAD_BYTES} bytes.")
            raise _Refused

    def on_headers_complete(self) -> None:
        self._in_head, self._head_bytes, self._silent_bytes = False, 0, 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._silent_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head, self._silent_bytes = True, 0

    def send_400_response(self, msg: str) -> None:
        if self._refusal is not None:
            self._refuse(*self._refusal)
            return
        super().send_400_response(msg)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(WRITE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def handle_websocket_upgrade(self) -> None:
        self._stop_timers()
        self._leave()  # the WebSocket's protocol enters: it is the one that hears of the end
        super().handle_websocket_upgrade()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _head_is_late(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self._refuse(408, "too_slow", f"The headers did not arrive within {HEAD_SECONDS:g} seconds.")

    def _refuse(self, status: int, code: str, detail: str) -> None:
        self._stop_timers()
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.abort()  # an answer in here would become a part of the one that is under way
            return
        document = dumps(problem(status, code, detail))
        self.transport.write(
            STATUS_LINE[status]
            + f"content-type: {CONTENT_TYPE}\r\ncontent-length: {len(document)}\r\nconnection: close\r\n\r\n".encode()
            + document
        )
        self.transport.close()

    def _leave(self) -> None:
        open_connections.leave(self._group)
        self._group = ""

    def _stop_timers(self) -> None:
        for timer in (self._head_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._write_timer = None


class BoundedWebSocket(WebSocketsSansIOProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._group = open_connections.enter(_peer(transport)) or ""
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        open_connections.leave(self._group)
        super().connection_lost(exc)


def _peer(transport: asyncio.BaseTransport) -> str:
    name: tuple[str, int] | None = transport.get_extra_info("peername")
    return name[0] if name else ""
