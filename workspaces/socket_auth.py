"""Authentication of WebSockets: by a bearer header, a subprotocol, a ticket, or a session of our own site."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from rest_framework.exceptions import AuthenticationFailed

from mgx_project.common.errors import NotFound

from .authentication import authenticate_bearer
from .models import ApiToken, User
from .principal import Principal, names_of, principal_of_token, principal_of_user
from .receivers import SIGNED_IN_AT
from .rights import Credential
from .tokens import redeem_ws_ticket

SUBPROTOCOL = "mgx.bearer."


@dataclass(frozen=True)
class SocketCaller:
    """An authenticated client. ``subprotocol`` must be echoed in the handshake when the client offered it.

    ``names`` are the workspaces that the handshake names; ``bound_to`` is the one that its ticket was made for.
    """

    user: User
    credential: Credential
    token: ApiToken | None = None
    signed_in_at: datetime | None = None
    subprotocol: str | None = None
    names: tuple[str, ...] = ()
    bound_to: uuid.UUID | None = None

    def principal(self, workspace: uuid.UUID | None = None) -> Principal:
        """The caller in ``workspace``, or in the one that the handshake means. Raises NotFound, NotAllowed or BadRequest."""
        of = workspace or self.bound_to
        names = (*self.names, str(of)) if of else self.names
        if self.bound_to not in (None, of):
            raise NotFound("This ticket belongs to another workspace.")
        if self.token is not None:
            return principal_of_token(self.token, names)
        return principal_of_user(self.user, names, signed_in_at=self.signed_in_at)


def query(scope: dict[str, Any]) -> dict[str, str]:
    return dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))


def shown_credential(scope: dict[str, Any]) -> str:
    """The credential that `authenticate` would check, "" if there is none."""
    offered = [name for name in scope.get("subprotocols", []) if name.startswith(SUBPROTOCOL)]
    session = parse_cookie(_header(scope, b"cookie")).get(settings.SESSION_COOKIE_NAME)
    return _header(scope, b"authorization") or next(iter(offered), "") or query(scope).get("ticket", "") or session or ""


def _header(scope: dict[str, Any], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name), "")


def origin_allowed(scope: dict[str, Any]) -> bool:
    """Checks Origin, which browsers always send: it must be this server or one of MGX_ALLOWED_ORIGINS."""
    origin = _header(scope, b"origin")
    if not origin:
        return True
    return origin in settings.CORS_ALLOWED_ORIGINS or _same_origin(scope, origin)


def _same_origin(scope: dict[str, Any], origin: str) -> bool:
    return urlsplit(origin).netloc == _header(scope, b"host")


def authenticate(scope: dict[str, Any]) -> SocketCaller | None:
    """The caller, or None. Blocking: run it on a database thread."""
    caller = _authenticate(scope)
    names = names_of(lambda name: _header(scope, name.lower().encode()), query(scope).get("workspace"))
    return replace(caller, names=names) if caller else None


def _authenticate(scope: dict[str, Any]) -> SocketCaller | None:
    try:
        scheme, _, secret = _header(scope, b"authorization").partition(" ")
        if scheme.lower() == "bearer":
            return _bearer(secret.strip())
        for offered in scope.get("subprotocols", []):
            if offered.startswith(SUBPROTOCOL):
                return _bearer(offered.removeprefix(SUBPROTOCOL), offered)
    except AuthenticationFailed:
        return None
    if offer := query(scope).get("ticket"):
        return _ticket(offer)
    return _session(scope)


def _bearer(secret: str, subprotocol: str | None = None) -> SocketCaller:
    user, by = authenticate_bearer(secret)
    if isinstance(by, ApiToken):
        return SocketCaller(user, Credential(user.pk, token_id=by.pk), by, subprotocol=subprotocol)
    credential = Credential(user.pk, sign_in_id=by.sign_in.pk, ends_at=by.ends_at)
    return SocketCaller(user, credential, signed_in_at=by.sign_in.created_at, subprotocol=subprotocol)


def _ticket(secret: str) -> SocketCaller | None:
    ticket = redeem_ws_ticket(secret)
    if ticket is None:
        return None
    user = ticket.user
    if ticket.session_key:
        credential = Credential(user.pk, session_key=ticket.session_key, session_hash=user.get_session_auth_hash())
        at = _signed_in_at(SessionStore(ticket.session_key))
    else:
        credential = Credential(user.pk, token_id=ticket.api_token_id, sign_in_id=ticket.sign_in_id, ends_at=ticket.ends_at)
        at = ticket.sign_in.created_at if ticket.sign_in else None
    if not credential.holds(ticket.workspace_id):
        return None
    return SocketCaller(user, credential, ticket.api_token, signed_in_at=at, bound_to=ticket.workspace_id)


def _session(scope: dict[str, Any]) -> SocketCaller | None:
    """Accepts a browser session only from the same origin, so that another site's page can't use the cookie."""
    origin = _header(scope, b"origin")
    key = parse_cookie(_header(scope, b"cookie")).get(settings.SESSION_COOKIE_NAME)
    if not key or not origin or not _same_origin(scope, origin):
        return None
    request = HttpRequest()
    request.session = SessionStore(key)
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active:
        return None
    credential = Credential(user.pk, session_key=key, session_hash=user.get_session_auth_hash())
    return SocketCaller(user, credential, signed_in_at=_signed_in_at(request.session))


def _signed_in_at(session: SessionBase) -> datetime | None:
    at = session.get(SIGNED_IN_AT)
    return datetime.fromisoformat(at) if at else None


def object_id(scope: dict[str, Any]) -> uuid.UUID:
    found: uuid.UUID = scope["url_route"]["kwargs"]["pk"]
    return found
