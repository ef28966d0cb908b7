"""The server's error tree. One handler (`problems.py`) turns it into RFC 9457 problem documents.

MGXError
├── BadRequest          400
├── NotAllowed          403
├── NotFound            404
├── Conflict            409
│   └── InvalidTransition
├── PreconditionFailed  412
├── TooManyRequests     429
└── UpstreamFailed      502
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MGXError(Exception):
    """A sentence for the person who must act. ``code`` is stable and machine-readable; ``field`` names the input at fault."""

    http_status = 500
    code = "internal"
    retry_after: float | None = None
    """Seconds after which a retry may succeed, if known."""
    members: Mapping[str, Any] = {}
    """Further members of the problem document (RFC 9457 §3.2), as JSON."""

    def __init__(self, detail: str, *, code: str | None = None, field: str | None = None, hint: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.hint = hint
        if code is not None:
            self.code = code


class BadRequest(MGXError):
    http_status = 400
    code = "bad_request"


class NotAllowed(MGXError):
    http_status = 403
    code = "not_allowed"


class NotFound(MGXError):
    http_status = 404
    code = "not_found"


class Conflict(MGXError):
    http_status = 409
    code = "conflict"


class InvalidTransition(Conflict):
    code = "invalid_transition"


class PreconditionFailed(MGXError):
    http_status = 412
    code = "precondition_failed"


class TooManyRequests(MGXError):
    """Raise it with ``retry_after`` set."""

    http_status = 429
    code = "too_many_requests"


class UpstreamFailed(MGXError):
    http_status = 502
    code = "upstream_failed"
