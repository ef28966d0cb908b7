"""A name for each request: in its log lines, its problem documents and its X-Request-Id header; and where it came from."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from .ids import uuid7

_address: ContextVar[str] = ContextVar("address", default="")


def current_request_id() -> str:
    """The present request's id, empty outside a request."""
    return str(get_contextvars().get("request_id", ""))


def current_address() -> str:
    """The present request's client, behind the proxies that are trusted (`mgx_project.forwarded`); empty outside a request."""
    return _address.get()


class RequestIdMiddleware:
    """What is bound for a request's log lines begins here. It ends with the request and not in here: Django logs a refused
    request outside of all middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        clear_contextvars()
        request_id = str(uuid7())
        bind_contextvars(request_id=request_id)
        _address.set(request.META.get("REMOTE_ADDR", ""))
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


@receiver(request_finished)
def unbind_request(**kwargs: Any) -> None:
    clear_contextvars()
    _address.set("")
