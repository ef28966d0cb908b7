"""Signing in and out, and choosing a workspace."""

from __future__ import annotations

import math
from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from mgx_project.common.ids import parse_id

from ..sign_in_guard import SignInRefused
from .member import CHOSEN, WebMember
from .pages import member_page, secured


class SignInPage(LoginView):
    """The password is checked by `sign_in_backend`, behind the limits of `sign_in_guard`."""

    template_name = "workspaces/sign_in.html"
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: Any = super().dispatch(request, *args, **kwargs)
        return secured(request, response)

    def get_redirect_url(self) -> str:  # type: ignore[override]  # the stubs are of a later Django
        """What `next` names. Not this page: Django would raise for a loop."""
        wanted = super().get_redirect_url()
        return "" if wanted == self.request.path else wanted

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().post(request, *args, **kwargs)
        except SignInRefused as refused:
            form = self.get_form_class()(request)  # unbound: the password is not asked about again
            answer = self.render_to_response(self.get_context_data(form=form, refused=refused), status=refused.http_status)
            answer["Retry-After"] = str(math.ceil(refused.retry_after or 0))
            return answer


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponseRedirect("/sign-in")


@require_POST
@member_page
def choose_workspace(request: HttpRequest, member: WebMember) -> HttpResponse:
    """Remembers the workspace that lists and the form for a task are about."""
    principal = member.principal(parse_id(request.POST.get("workspace", "")))
    request.session[CHOSEN] = str(principal.workspace_id)
    wanted = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(wanted if own else "/")
