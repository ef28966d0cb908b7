"""daphne with the bounds of `bounded_http.py`.

Twisted's clock starts again with every byte, and it keeps a body of any length in a file before the application, whose
`BodyLimit` would refuse it, hears of the request. How many connections one address holds is not bounded here: a proxy in front
has to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import daphne.server
from daphne.cli import CommandLineInterface
from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings

from .body_limit import BODY_SECONDS
from .bounded_http import HEAD_SECONDS, MAX_HEAD_BYTES, MAX_HEADERS, WRITE_SECONDS
from .common.problems import CONTENT_TYPE, problem
from .common.rendering import dumps

if TYPE_CHECKING:
    HTTPChannel = Any  # Twisted's interfaces don't say what its transports have
else:
    from twisted.web.http import HTTPChannel

PHRASES = {408: "Request Timeout", 413: "Content Too Large"}
IDLE_SECONDS = 30.0
"""Between two requests."""
LAST_SECONDS = 5.0
"""For a client that is refused to read why."""


class BoundedChannel(HTTPChannel):
    """One connection. Headers beyond the bounds are refused by Twisted itself (400)."""

    maxHeaders = MAX_HEADERS
    totalHeadersSize = MAX_LENGTH = MAX_HEAD_BYTES

    def __init__(self) -> None:
        super().__init__()
        self._read_timer: Any = None
        self._write_timer: Any = None

    def connectionMade(self) -> None:
        super().connectionMade()
        self._await_head()

    def dataReceived(self, data: bytes) -> None:
        if self._read_timer is None and not self._handlingRequest:
            self._await_head()
        super().dataReceived(data)

    def allHeadersReceived(self) -> None:
        super().allHeadersReceived()
        self._within(BODY_SECONDS, "The request body")
        if self.length is not None and self.length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            self._refuse_body()

    def rawDataReceived(self, data: bytes) -> None:
        super().rawDataReceived(data)
        content = self.requests[-1].content if self.requests and not self._handlingRequest else None
        if content is not None and content.tell() > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            self._refuse_body()

    def allContentReceived(self) -> None:
        self._read_timer = _cancelled(self._read_timer)
        super().allContentReceived()

    def requestDone(self, request: WebRequest) -> None:
        super().requestDone(request)
        if self._buffer and self._read_timer is None and not self._handlingRequest:
            self._await_head()  # the beginning of the next request came with this one

    def pauseProducing(self) -> None:
        super().pauseProducing()
        if self._write_timer is None:
            self._write_timer = self.callLater(WRITE_SECONDS, self.transport.abortConnection)

    def resumeProducing(self) -> None:
        super().resumeProducing()
        self._write_timer = _cancelled(self._write_timer)

    def timeoutConnection(self) -> None:
        """Twisted's own clock, of silence: only between two requests, or it would end one that is late without an answer."""
        if self._read_timer is None:
            super().timeoutConnection()

    def connectionLost(self, reason: Any) -> None:
        self._read_timer, self._write_timer = _cancelled(self._read_timer), _cancelled(self._write_timer)
        super().connectionLost(reason)

    def _await_head(self) -> None:
        self._within(HEAD_SECONDS, "The headers")

    def _within(self, seconds: float, what: str) -> None:
        _cancelled(self._read_timer)
        late = f"{what} did not arrive within {seconds:g} seconds."
        self._read_timer = self.callLater(seconds, lambda: self._refuse(408, "too_slow", late))

    def _refuse_body(self) -> None:
        self._refuse(413, "too_large", f"The request body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")

    def _refuse(self, status: int, code: str, detail: str) -> None:
        self._read_timer = _cancelled(self._read_timer)
        document = dumps(problem(status, code, detail))
        head = f"HTTP/1.1 {status} {PHRASES[status]}\r\ncontent-type: {CONTENT_TYPE}\r\ncontent-length: {len(document)}\r\n"
        self.transport.write(head.encode() + b"connection: close\r\n\r\n" + document)
        self._abortingCall = self.callLater(LAST_SECONDS, self.forceAbortClient)
        self.loseConnection()


class BoundedFactory(HTTPFactory):
    def __init__(self, server: daphne.server.Server) -> None:
        super().__init__(server)
        self.timeOut = IDLE_SECONDS

    def buildProtocol(self, address: Any) -> Any:
        protocol = super().buildProtocol(address)
        channel = BoundedChannel()
        for name in ("factory", "timeOut", "callLater", "requestFactory"):
            setattr(channel, name, getattr(protocol, name))
        protocol._channel = channel
        return protocol


def _cancelled(timer: Any) -> Any:
    """None, in the place of a timer that is stopped with this."""
    if timer is not None and timer.active():
        timer.cancel()
    return None


def serve(application: str, *, host: str, port: int, max_message: int) -> None:
    """Runs until it is told to stop. Without an access log: it would show whole URLs."""
    daphne.server.HTTPFactory = BoundedFactory  # `Server.run` takes it from its module
    options = {
        "--verbosity": 0,
        "--websocket-max-message-size": max_message,
        "--websocket-max-frame-size": max_message,
        "-b": host,
        "-p": port,
    }
    CommandLineInterface().run([*(str(part) for pair in options.items() for part in pair), application])
