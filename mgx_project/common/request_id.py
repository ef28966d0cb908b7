"""A name for each request: in its log lines, its problem documents and its X-Request-Id header."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponseBase

from .ids import uuid7

_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The present request's id, empty outside a request."""
    return _current.get()


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        _current.set(request_id := str(uuid7()))
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response
