"""A request sees no tenant's rows before it has said who asks, and for which tenant."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from .common import tenant_wall


class ClosedWallMiddleware:
    """What opens the wall (`HasRole`, an operator's page) does so to the end of the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with tenant_wall.within():
            return self.get_response(request)
