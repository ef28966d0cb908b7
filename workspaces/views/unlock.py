"""The page behind the link in a mail (`unlock_mail.py`). GET changes nothing: mail programs open links, too."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from .. import sign_in_guard, unlock_mail


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unlock(request: HttpRequest) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    token = given.get("token", "")
    lock = unlock_mail.lock_of(token)
    if request.method == "POST":
        done = lock is not None and sign_in_guard.end_lock(*lock)
        state = "done" if done else "gone"
    else:
        state = "ask" if lock is not None and sign_in_guard.holds(*lock) else "gone"
    status = 404 if state == "gone" else 200
    return render(request, "workspaces/unlock.html", {"state": state, "token": token}, status=status)
