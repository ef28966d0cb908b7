"""The base of pages whose rows are created with a secret."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from .base import TenantAdmin
from .confirm import show_once


class SecretAdmin(TenantAdmin):
    """Rows created with a secret, which is shown only on the page that answers the form."""

    secret_title: ClassVar[str]

    def keep_secret(self, request: HttpRequest, secret: str) -> None:
        """Kept only during the request."""
        request._mgx_secret = secret  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return show_once(
            self, request, [(self.secret_title, str(request._mgx_secret))],  # type: ignore[attr-defined]
            title=str(obj), explanation="Keep it now: it is shown this once, and only its hash is stored.",
            back=self.page_of(obj),
        )  # fmt: skip

    def page_of(self, obj: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk])
