"""Every path works with and without a trailing slash: the slash is dropped before routing, so that a POST keeps its body.

The admin keeps Django's own rule (its links end in one).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

KEPT = ("/admin", "/static")


class TrailingSlashMiddleware:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        path = request.path_info
        if path.endswith("/") and path != "/" and not path.startswith(KEPT):
            request.path_info = path.rstrip("/") or "/"
        answer: HttpResponseBase | Awaitable[HttpResponseBase] = self.get_response(request)
        return answer
