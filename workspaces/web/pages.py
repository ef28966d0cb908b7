"""What every page of the web application is wrapped in: the sign-in, the policy for its content, and pages for errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from mgx_project.common.errors import MGXError
from mgx_project.common.problems import CONTENT_TYPE, problem
from mgx_project.common.rendering import dumps

from .member import WebMember

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws://{host} wss://{host}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing inline and nothing from elsewhere. Sockets are named because not every browser counts them to 'self'."""
OUR_SCRIPT = "X-Requested-With"
"""The header by which modules of these pages ask: where a person would be led to the sign-in page, they get a 401."""


def secured(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = POLICY.format(host=request.get_host())
    return response


def show(
    request: HttpRequest, template: str, context: Mapping[str, Any], member: WebMember | None = None, *, status: int = 200
) -> HttpResponse:
    return render(request, template, {"member": member, **context}, status=status)


def json_answer(value: Any) -> HttpResponse:
    return HttpResponse(dumps(value), content_type="application/json")


def member_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that gets ``(request, member, …)``. Errors of ours become pages, or problem documents for our own scripts."""

    @never_cache
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return secured(request, _signed_out(request))
        member = WebMember.of(request)
        try:
            response = view(request, member, *args, **kwargs)
        except MGXError as error:
            response = _error(request, member, error)
        return secured(request, response)

    return page


def _signed_out(request: HttpRequest) -> HttpResponse:
    if OUR_SCRIPT in request.headers:
        document = problem(401, "signed_out", "Your session has ended. Sign in again.")
        return HttpResponse(dumps(document), status=401, content_type=CONTENT_TYPE)
    return redirect_to_login(request.get_full_path() if request.method in {"GET", "HEAD"} else "/")


def _error(request: HttpRequest, member: WebMember, error: MGXError) -> HttpResponse:
    if OUR_SCRIPT in request.headers:
        document = problem(error.http_status, error.code, error.detail, hint=error.hint)
        answer = HttpResponse(dumps(document), status=error.http_status, content_type=CONTENT_TYPE)
    else:
        answer = show(request, "web/error.html", {"error": error}, member, status=error.http_status)
    if error.retry_after is not None:
        answer["Retry-After"] = str(math.ceil(error.retry_after))
    return answer
