"""API tokens and WebSocket tickets: making, hashing, looking up, revoking."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from mgx_project.common.live import announcer

from .events import group
from .models import ApiToken, Role, User, WsTicket
from .principal import Principal

PREFIX = "mgx_"
TICKET_SECONDS = 30
LAST_USED_STEP = timedelta(minutes=1)
"""How exact `last_used_at` is: a write per request would cost more than the request."""


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def create_api_token(
    *, workspace_id: uuid.UUID, user: User, name: str, role: Role, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Returns the row and the secret, which exists nowhere else from now on."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        workspace_id=workspace_id,
        user=user,
        name=name,
        prefix=secret[:12],
        digest=_digest(secret),
        role=role,
        expires_at=expires_at,
    )
    return token, secret


def valid_tokens() -> QuerySet[ApiToken]:
    """Neither expired nor revoked, of active users, of all workspaces."""
    tokens: QuerySet[ApiToken] = ApiToken.across_tenants.filter(revoked_at=None, user__is_active=True)
    return tokens.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))


def find_api_token(secret: str) -> ApiToken | None:
    """The valid token behind ``secret``, of an active user; None if unknown, expired or revoked."""
    now = timezone.now()
    token: ApiToken | None = valid_tokens().select_related("user").filter(digest=_digest(secret)).first()
    if token and (token.last_used_at is None or now - token.last_used_at > LAST_USED_STEP):
        ApiToken.across_tenants.filter(pk=token.pk).update(last_used_at=now)
    return token


def revoke_api_token(token: ApiToken) -> None:
    """From now on the token is refused, and the sockets that were opened with it are closed. Call inside a transaction."""
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    transaction.on_commit(lambda: announcer.send([group("token", token.pk)], {"type": "stream.revoked"}))


def create_ws_ticket(principal: Principal) -> str:
    secret = secrets.token_urlsafe(32)
    WsTicket.across_tenants.filter(expires_at__lt=timezone.now()).delete()
    WsTicket.objects.create(
        workspace_id=principal.workspace_id,
        user=principal.user,
        api_token_id=principal.token_id,
        digest=_digest(secret),
        expires_at=timezone.now() + timedelta(seconds=TICKET_SECONDS),
    )
    return secret


def redeem_ws_ticket(secret: str) -> WsTicket | None:
    """The ticket, once: two clients with the same one race for a DELETE and one wins."""
    ticket: WsTicket | None = (
        WsTicket.across_tenants.select_related("user", "api_token")
        .filter(digest=_digest(secret), expires_at__gt=timezone.now())
        .first()
    )
    if ticket is None or WsTicket.across_tenants.filter(pk=ticket.pk).delete()[0] == 0:
        return None
    return ticket
