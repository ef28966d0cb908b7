"""Every error of the API as a problem document (RFC 9457)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from rest_framework import exceptions
from rest_framework.response import Response

from .async_db import is_away
from .errors import MGXError
from .rendering import dumps
from .request_id import current_request_id

log = structlog.stdlib.get_logger(__name__)
CONTENT_TYPE = "application/problem+json"
DATABASE_RETRY_SECONDS = 2
"""What clients are told to wait when the database is away, or a lock is not free."""


def problem(
    status: int, code: str, detail: str, *, errors: list[dict[str, str]] | None = None, hint: str = "", **extra: Any
) -> dict[str, Any]:
    """``type`` is about:blank (the status says it all), ``code`` is ours; ``errors`` are ``{field, message}``."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": errors or [],
        "request_id": current_request_id(),
    }
    if hint:
        document["hint"] = hint
    return document | extra


def _field_errors(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _field_errors(value, f"{path}.{key}" if path else str(key))
    elif isinstance(detail, list):
        for value in detail:
            yield from _field_errors(value, path)
    else:
        yield {"field": path.removesuffix(".non_field_errors"), "message": str(detail)}


def _from_drf(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        found = list(_field_errors(error.detail))
        first = found[0] if found else {"field": "", "message": "Invalid input."}
        detail = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
        return problem(400, "invalid", detail, errors=found)
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else "error"
    told: Any = error.detail
    return problem(error.status_code, code, str(told.get("detail", error.default_detail) if isinstance(told, dict) else told))


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER. What is not expected is logged with its traceback and answered without its text."""
    headers: dict[str, str] = {}
    if isinstance(error, MGXError):
        errors = [{"field": error.field, "message": error.detail}] if error.field else []
        document = problem(error.http_status, error.code, error.detail, errors=errors, hint=error.hint, **error.members)
        if error.retry_after is not None:
            headers["Retry-After"] = str(math.ceil(error.retry_after))
    elif isinstance(error, Http404):
        document = problem(404, "not_found", "This does not exist or you do not have access to it.")
    elif isinstance(error, PermissionDenied):
        document = problem(403, "not_allowed", str(error) or "You may not do this.")
    elif isinstance(error, RequestDataTooBig):
        document = problem(413, "too_large", "The request body is larger than this server accepts.")
    elif isinstance(error, exceptions.APIException):
        document = _from_drf(error)
        if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
            headers["WWW-Authenticate"] = 'Bearer realm="mgx"'
        wait: float | None = getattr(error, "wait", None)  # of Throttled
        if wait is not None:
            headers["Retry-After"] = str(int(wait) + 1)
    elif isinstance(error, DatabaseError) and is_away(error):
        log.warning("the database could not do it now", view=type(context.get("view")).__name__, error=str(error))
        document = problem(
            503, "unavailable", "The database is busy or away. Try again; with the same Idempotency-Key nothing is done twice."
        )
        headers["Retry-After"] = str(DATABASE_RETRY_SECONDS)
    else:
        log.exception("unhandled error", view=type(context.get("view")).__name__)
        document = problem(500, "internal", "Internal error. Search the server's log for the request id.")
    response = Response(document, status=document["status"], headers=headers, content_type=CONTENT_TYPE)
    response.exception = True
    return response


ADMIN_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    '<title>{title} | MGX Agent</title></head><body><h1>{title}</h1><p>{detail}</p><p><a href="{back}">To the admin</a></p>'
    "<p><small>Request id: {request_id}</small></p></body></html>"
)


def _page(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    """A problem document; in the admin, where a person looks at it, a page."""
    document = problem(status, code, detail)
    admin = reverse("admin:index")
    if request.path.startswith(admin) and "text/html" in request.headers.get("Accept", ""):
        return HttpResponse(format_html(ADMIN_PAGE, **document, back=admin), status=status)
    return HttpResponse(dumps(document), status=status, content_type=CONTENT_TYPE)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, "not_found", f"There is no {request.path} on this server. The paths are listed at /docs.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, DisallowedHost):
        name = request.META.get("HTTP_HOST", "")[:253]
        detail = f"This server does not answer as {name!r}. Its operator can add the name to MGX_ALLOWED_HOSTS."
        return _page(request, 400, "unknown_host", detail)
    return _page(request, 400, "bad_request", "The request could not be understood.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, "not_allowed", "You may not do this.")


def refused(request: HttpRequest, error: MGXError) -> HttpResponse:
    """An error of ours that no handler of the API saw."""
    answer = _page(request, error.http_status, error.code, f"{error.detail} {error.hint}".strip())
    if error.retry_after is not None:
        answer["Retry-After"] = str(math.ceil(error.retry_after))
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500, "internal", "Internal error. Search the server's log for the request id.")
