"""Who is at the other end of a WebSocket: a bearer header, a subprotocol, a ticket, or our own browser session."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from rest_framework.exceptions import AuthenticationFailed

from mgx_project.common.errors import NotFound

from .authentication import authenticate_bearer
from .models import ApiToken, Membership, User
from .principal import Principal, principal_of_token, principal_of_user
from .tokens import redeem_ws_ticket, valid_tokens

SUBPROTOCOL = "mgx.bearer."


@dataclass(frozen=True)
class Caller:
    """An authenticated client. ``subprotocol`` must be echoed in the handshake when the client offered it."""

    user: User
    token: ApiToken | None
    subprotocol: str | None = None

    def principal(self, workspace: str | None) -> Principal:
        """The caller in ``workspace`` (id or slug). Raises NotFound, NotAllowed or BadRequest."""
        if self.token is None:
            return principal_of_user(self.user, workspace)
        if workspace and workspace.lower() not in {str(self.token.workspace_id), self.token.workspace.slug.lower()}:
            raise NotFound("There is no such workspace that this token can see.")
        return principal_of_token(self.token)

    def still_valid(self) -> bool:
        """False once the user was deactivated or the token revoked or expired."""
        if self.token is not None:
            return valid_tokens().filter(pk=self.token.pk).exists()
        return User.objects.filter(pk=self.user.pk, is_active=True).exists()

    def still_sees(self, workspace_id: uuid.UUID) -> bool:
        """False once the caller isn't valid any more or has left the workspace."""
        return Membership.objects.filter(workspace_id=workspace_id, user_id=self.user.pk).exists() and self.still_valid()


def query(scope: dict[str, Any]) -> dict[str, str]:
    return dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))


def _header(scope: dict[str, Any], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name), "")


def origin_allowed(scope: dict[str, Any]) -> bool:
    """Browsers always send Origin: it must be this server or a front end of MGX_ALLOWED_ORIGINS. Others send none."""
    origin = _header(scope, b"origin")
    if not origin:
        return True
    return origin in settings.CORS_ALLOWED_ORIGINS or _same_origin(scope, origin)


def _same_origin(scope: dict[str, Any], origin: str) -> bool:
    return urlsplit(origin).netloc == _header(scope, b"host")


def authenticate(scope: dict[str, Any]) -> Caller | None:
    """The caller, or None. Blocking: run it on a database thread."""
    try:
        scheme, _, secret = _header(scope, b"authorization").partition(" ")
        if scheme.lower() == "bearer":
            return Caller(*authenticate_bearer(secret.strip()))
        for offered in scope.get("subprotocols", []):
            if offered.startswith(SUBPROTOCOL):
                return Caller(*authenticate_bearer(offered.removeprefix(SUBPROTOCOL)), subprotocol=offered)
    except AuthenticationFailed:
        return None
    if offer := query(scope).get("ticket"):
        ticket = redeem_ws_ticket(offer)
        caller = Caller(ticket.user, ticket.api_token) if ticket else None
        return caller if caller and caller.still_valid() else None
    return _session(scope)


def _session(scope: dict[str, Any]) -> Caller | None:
    """A browser session works only same-origin: a foreign page must not ride on the cookie."""
    origin = _header(scope, b"origin")
    key = parse_cookie(_header(scope, b"cookie")).get(settings.SESSION_COOKIE_NAME)
    if not key or not origin or not _same_origin(scope, origin):
        return None
    request = HttpRequest()
    request.session = SessionStore(key)
    user = get_user(request)
    return Caller(user, None) if isinstance(user, User) and user.is_active else None


def object_id(scope: dict[str, Any]) -> uuid.UUID:
    found: uuid.UUID = scope["url_route"]["kwargs"]["pk"]
    return found
