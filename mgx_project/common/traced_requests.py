"""A span for each HTTP request, by route pattern; it continues the trace that the client names (`traceparent`)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from . import traces
from .http_metrics import METHODS
from .request_id import current_request_id

UNTRACED = ("/health", "/metrics", "/static/")
"""Paths that machines ask for every few seconds, or that no run is about."""


class TracedRequestMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not traces.enabled or request.path_info.startswith(UNTRACED):
            return self.get_response(request)
        method = request.method if request.method in METHODS else "_OTHER"
        known = {"http.request.method": method, "mgx.request.id": current_request_id()}
        with traces.span(method, known, kind="server", parent=request.headers.get("traceparent", "")):
            response = self.get_response(request)
            status = response.status_code
            route = request.resolver_match.route.strip("^$") if request.resolver_match else ""
            found = {"http.response.status_code": status} | ({"http.route": route} if route else {})
            traces.note(found, name=f"{method} {route}".strip(), failed=status >= 500)
        return response
