"""Rate limits of HTTP that need no workspace: of addresses, of webhooks, and of who is signed in to the admin.

Principals of the API are counted where they are known (`workspaces.request_rates`), which tells it here by `note`. All answers
that were counted say what is left, by the names of draft-ietf-httpapi-ratelimit-headers-06: `RateLimit-Limit`,
`RateLimit-Remaining` and `RateLimit-Reset` (seconds), of the limit that is nearest to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from mgx_project.common.clients import address_group
from mgx_project.common.problems import refused

from .counters import Count, Limit, RateLimitExceeded, count, refuse
from .strangers import WHAT, Client

EXEMPT = frozenset({"/health", "/health/live", "/health/ready"})
WEBHOOKS = "/api/webhooks/"


def note(request: HttpRequest, counts: Sequence[Count], *, signed_in: bool = False) -> None:
    """What the request came to, for the headers of its answer. ``signed_in``: it was a principal's, and not the address's."""
    noted: Any = request
    noted.rate_counts = [*getattr(request, "rate_counts", ()), *counts]
    noted.rate_signed_in = signed_in or getattr(request, "rate_signed_in", False)


class RateLimitMiddleware:
    """Stands inside of CORS, so that a foreign front end can read a refusal, and outside of sessions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in EXEMPT:
            return self.get_response(request)
        note(request, ())
        try:
            response = self._respond(request)
        except RateLimitExceeded as error:
            response = refused(request, error)
        return _with_headers(response, request.rate_counts)  # type: ignore[attr-defined]

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Pages for people who are signed in by a session. The API (``cls``) counts for itself, with the workspace."""
        if request.path_info in EXEMPT or hasattr(view, "cls") or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        user: Any = request.user
        if user.is_authenticated:
            counts = count(Limit("principal", f"user:{user.pk}", settings.MGX_RATES["principal"]))
            note(request, counts, signed_in=True)
            try:
                refuse(counts, "Each person")
            except RateLimitExceeded as error:
                return refused(request, error)
        return None

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        address = request.META.get("REMOTE_ADDR", "")
        if request.path_info.startswith(WEBHOOKS):
            counts = count(Limit("webhooks", address_group(address), settings.MGX_RATES["webhooks"]))
            note(request, counts)
            refuse(counts, "This sender of webhooks")
            return self.get_response(request)
        shown = request.headers.get("Authorization") or request.COOKIES.get(settings.SESSION_COOKIE_NAME) or ""
        client = Client.of(address, shown)
        counts = client.admit()
        note(request, counts)
        refuse(counts, WHAT)
        response = self.get_response(request)
        if request.rate_signed_in:  # type: ignore[attr-defined]
            client.was_good()
        elif response.status_code == 401 or client.credential:
            note(request, client.was_nobody(failed=response.status_code == 401))
        return response


def _with_headers(response: HttpResponseBase, counts: Sequence[Count]) -> HttpResponseBase:
    if counts:
        nearest = min(counts, key=lambda each: (each.allowed, each.remaining))
        response["RateLimit-Limit"] = str(nearest.limit.amount)
        response["RateLimit-Remaining"] = str(nearest.remaining)
        response["RateLimit-Reset"] = str(nearest.retry_after)
    return response
