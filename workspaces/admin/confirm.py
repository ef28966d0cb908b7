"""Two pages for admin actions: one asks for confirmation, the other shows a secret once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from mgx_project.common.errors import MGXError


def ask(
    admin: ModelAdmin[Any],
    request: HttpRequest,
    act: Callable[[], HttpResponse | str],
    *,
    verb: str,
    question: str,
    explanation: str,
    back: str,
    variant: str = "primary",
) -> HttpResponse:
    """GET asks, POST acts. ``act`` returns a page, or a message shown on ``back``; errors it raises are shown there too."""
    if request.method == "POST":
        try:
            answer = act()
        except MGXError as error:
            messages.error(request, f"{error.detail} {error.hint}".strip())
            return HttpResponseRedirect(back)
        if isinstance(answer, HttpResponse):
            return answer
        messages.success(request, answer)
        return HttpResponseRedirect(back)
    page = {"question": question, "explanation": explanation, "verb": verb, "variant": variant, "back": back}
    return TemplateResponse(request, "admin/workspaces/ask.html", _context(admin, request, verb, page))


def show_once(
    admin: ModelAdmin[Any], request: HttpRequest, shown: Sequence[tuple[str, str]], *, title: str, explanation: str, back: str
) -> HttpResponse:
    """``shown`` maps labels to secrets. Like every admin page, this one is never cached."""
    page = {"question": title, "explanation": explanation, "shown": shown, "back": back}
    return TemplateResponse(request, "admin/workspaces/secret.html", _context(admin, request, title, page))


def _context(admin: ModelAdmin[Any], request: HttpRequest, title: str, page: dict[str, Any]) -> dict[str, Any]:
    return {**admin.admin_site.each_context(request), "title": title, "opts": admin.model._meta, **page}
