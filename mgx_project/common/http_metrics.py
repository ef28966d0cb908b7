"""Counts and times of HTTP requests for Prometheus: by route pattern, never by path, tenant or user."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from prometheus_client import CollectorRegistry, Counter, Histogram

registry = CollectorRegistry()
REQUESTS = Counter("mgx_http_requests", "HTTP requests answered.", ("method", "route", "status"), registry=registry)
SECONDS = Histogram("mgx_http_request_seconds", "Time until the response starts.", ("method",), registry=registry)
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


class HttpMetricsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = self.get_response(request)
        _count(request, response, began)
        return response


def _count(request: HttpRequest, response: HttpResponseBase, began: float) -> None:
    method = request.method if request.method in METHODS else "OTHER"
    route = request.resolver_match.route if request.resolver_match else "unmatched"
    REQUESTS.labels(method, route, response.status_code).inc()
    SECONDS.labels(method).observe(time.perf_counter() - began)
