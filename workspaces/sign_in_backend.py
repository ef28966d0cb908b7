"""The authentication backend, the only place where a password is checked, for the API, the admin and every form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from mgx_project.common.problems import refused

from . import sign_in_guard


class GuardedBackend(ModelBackend):
    """Django's ModelBackend behind the limits of `sign_in_guard`."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        if username is None or password is None:
            return None
        address = request.META.get("REMOTE_ADDR", "") if request is not None else ""
        sign_in_guard.begin_attempt(username, address)
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is not None:
            sign_in_guard.record_success(username, address)
        return user


class RefusedSignInMiddleware:
    """Shows a refused attempt to sign in outside the API, which has its own error handler."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refused(request, exception) if isinstance(exception, sign_in_guard.SignInRefused) else None
