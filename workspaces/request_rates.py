"""Rate limits of the API: each request counts once for its principal and once for its workspace.

The limit of a workspace is its own or the server's default (`limits.py`, `requests_per_minute`), and counts all its members and
tokens together; that of a principal (MGX_RATE_PRINCIPAL) keeps one of them from taking all of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from mgx_project.common.rates.counters import Count, Limit, count, refuse
from mgx_project.common.rates.middleware import note

from .limits import limit_of
from .models import ApiToken, User
from .principal import Principal


class CallerThrottle(BaseThrottle):
    """The throttle of all views. REST framework calls it after authentication and, for a tenant's endpoint, permissions."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Always true; it raises RateLimitExceeded, which names the limit."""
        user = request.user
        if isinstance(user, User):  # the address of others is counted by the middleware
            token_id = request.auth.pk if isinstance(request.auth, ApiToken) else None
            counts = count_caller(user, token_id, getattr(view, "principal", None))
            note(request._request, counts, signed_in=True)
            refuse_caller(counts)
        return True


def count_caller(user: User, token_id: uuid.UUID | None, principal: Principal | None) -> list[Count]:
    """Takes one round trip to Redis and none to the database: the principal carries its workspace's limits."""
    who = f"token:{token_id}" if token_id else f"user:{user.pk}"
    limits = [Limit("principal", who, settings.MGX_RATES["principal"])]
    if principal is not None:
        own: Mapping[str, Any] = principal.limits
        limits.append(Limit("workspace", str(principal.workspace_id), limit_of(own, "requests_per_minute") or 0))
    return count(*limits)


def refuse_caller(counts: list[Count]) -> None:
    """Raises RateLimitExceeded."""
    for each in counts:
        refuse([each], "This workspace" if each.limit.name == "workspace" else "Your account or API token")
