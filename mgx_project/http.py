"""HTTP in Django: every request in one thread of a pool, from the first middleware to the last.

Django's ASGI handler runs the middleware on the event loop and sends each synchronous part of it (signals, sessions, CSRF, the
view itself, the end of the response) to a thread and back. That thread is made for the request, and another one to join it,
which costs more than what they do. Views are synchronous here, so the loop hands a request over once, to a thread that stays.
An async view is awaited on the loop as before, and a stream is sent as Django does it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from asgiref.sync import SyncToAsync, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.db import close_old_connections
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import set_script_prefix

from .body_limit import Receive, Scope, Send

THREADS = 512
"""Requests that a process works on at once, at most: far more than it has connections to the database. While the database
hangs, each request holds its thread until it gives up, and a health check must find a free one. They are made when needed."""


class OneThreadHandler(ASGIHandler):
    def __init__(self) -> None:
        super().__init__()
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
        self._respond: Callable[..., Any] = SyncToAsync(self._respond_in_thread, thread_sensitive=False, executor=pool)

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with closing(body):
            set_script_prefix(get_script_prefix(scope))
            request, refusal = self.create_request(scope, body)
            if refusal is not None:
                await self.send_response(refusal, send)
                return
            response = await self._respond(request, scope)
            if isinstance(response, StreamingHttpResponse):
                await self._stream(response, receive, send)
            else:
                await self.send_response(response, send)

    def _respond_in_thread(self, request: ASGIRequest, scope: Scope) -> HttpResponseBase:
        """The response, with all that the thread held for it given back: a stream is made in another thread."""
        signals.request_started.send(sender=self.__class__, scope=scope)
        response = self.get_response(request)
        response._handler_class = self.__class__  # type: ignore[attr-defined]
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if isinstance(response, StreamingHttpResponse):
            close_old_connections()
        else:
            response.close()
        return response

    async def _stream(self, response: StreamingHttpResponse, receive: Receive, send: Send) -> None:
        """Sends until the end or until the client leaves."""
        sending = asyncio.create_task(self.send_response(response, send))
        leaving = asyncio.create_task(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            ended = await asyncio.gather(sending, leaving, return_exceptions=True)
            await sync_to_async(response.close)()
        for error in ended:
            if isinstance(error, Exception) and not isinstance(error, RequestAborted):
                raise error
