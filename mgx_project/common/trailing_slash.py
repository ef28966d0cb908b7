"""Every path works with and without a trailing slash: the slash is dropped before routing, so that a POST keeps its body.

The admin keeps Django's own rule (its links end in one).
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

KEPT = ("/admin", "/static")


class TrailingSlashMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path.endswith("/") and path != "/" and not path.startswith(KEPT):
            request.path_info = path.rstrip("/") or "/"
        return self.get_response(request)
