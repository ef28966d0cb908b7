"""A name for each request: in its log lines, its problem documents and its X-Request-Id header."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from .ids import uuid7

_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The present request's id, empty outside a request."""
    return _current.get()


class RequestIdMiddleware:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._async_call(request)
        _current.set(request_id := str(uuid7()))
        response: HttpResponseBase = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response

    async def _async_call(self, request: HttpRequest) -> HttpResponseBase:
        _current.set(request_id := str(uuid7()))
        response: HttpResponseBase = await self.get_response(request)
        response["X-Request-Id"] = request_id
        return response
