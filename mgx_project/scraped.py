"""Prometheus asks each web process by its address, which MGX_ALLOWED_HOSTS does not name: of containers and pods it changes."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import resolve

from metrics.prometheus import PATH, scrape, shows_token


class ScrapedMiddleware:
    """Answers whoever shows MGX_METRICS_TOKEN before the Host header is looked at. All others are refused as ever: where
    no token is needed, a page in a browser on this machine could ask by a name that it made point here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == PATH and shows_token(request):
            request.resolver_match = resolve(request.path)  # the counters of requests name the route
            return scrape(request)
        return self.get_response(request)
