"""API tokens and WebSocket tickets: creating, hashing, looking up, revoking."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from mgx_project.common import clock, tenant_wall
from mgx_project.common.errors import NotAllowed

from .models import ApiToken, Role, User, WsTicket
from .principal import Principal
from .rights import Credential, end_tokens
from .secrets import digest_of, new_secret

PREFIX = "mgx_"
TICKET_SECONDS = 30
LAST_USED_STEP = timedelta(minutes=1)
"""The precision of `last_used_at`: a write per request would cost more than the request."""


@transaction.atomic
def create_api_token(
    *,
    workspace_id: uuid.UUID,
    user: User,
    name: str,
    role: Role,
    expires_at: datetime | None = None,
    parent_id: uuid.UUID | None = None,
) -> tuple[ApiToken, str]:
    """Returns the row and the secret, which is not stored.

    A token created with another token (``parent_id``) expires and is revoked with it. Raises NotAllowed if the parent has just
    ended.
    """
    if parent_id is not None:
        parent = valid_tokens().select_for_update(of=("self",)).filter(pk=parent_id).first()
        if parent is None:
            raise NotAllowed("The token used for this request has expired or was revoked. Use another one.")
        if parent.expires_at is not None:
            expires_at = min(expires_at or parent.expires_at, parent.expires_at)
    secret = new_secret(PREFIX)
    token = ApiToken.objects.create(
        workspace_id=workspace_id,
        user=user,
        name=name,
        parent_id=parent_id,
        prefix=secret[:12],
        digest=digest_of(secret),
        role=role,
        expires_at=expires_at,
    )
    return token, secret


def valid_tokens() -> QuerySet[ApiToken]:
    """Neither expired nor revoked, of active users, of all workspaces."""
    tokens: QuerySet[ApiToken] = ApiToken.across_tenants.filter(revoked_at=None, user__is_active=True)
    return tokens.filter(Q(expires_at=None) | Q(expires_at__gt=clock.now()))


@tenant_wall.across_tenants()
def find_api_token(secret: str) -> ApiToken | None:
    """The valid token behind ``secret``, of an active user; None if unknown, expired or revoked."""
    now = clock.now()
    token: ApiToken | None = valid_tokens().select_related("user").filter(digest=digest_of(secret)).first()
    if token and (token.last_used_at is None or now - token.last_used_at > LAST_USED_STEP):
        ApiToken.across_tenants.filter(pk=token.pk).update(last_used_at=now)
    return token


def revoke_api_token(token: ApiToken) -> None:
    """Revokes the token and the tokens it created, and closes their sockets. Call inside a transaction."""
    end_tokens([token.pk])
    token.refresh_from_db(fields=["revoked_at"])


def create_ws_ticket(principal: Principal, credential: Credential) -> str:
    """Creates a ticket for one socket of the principal's workspace, valid as long as ``credential`` is."""
    secret = new_secret()
    WsTicket.across_tenants.filter(expires_at__lt=clock.now()).delete()
    WsTicket.objects.create(
        workspace_id=principal.workspace_id,
        user=principal.user,
        api_token_id=credential.token_id,
        sign_in_id=credential.sign_in_id,
        ends_at=credential.ends_at,
        session_key=credential.session_key,
        digest=digest_of(secret),
        expires_at=clock.now() + timedelta(seconds=TICKET_SECONDS),
    )
    return secret


@tenant_wall.across_tenants()
def redeem_ws_ticket(secret: str) -> WsTicket | None:
    """Redeems the ticket once: of two clients with the same ticket, one wins the DELETE."""
    ticket: WsTicket | None = (
        WsTicket.across_tenants.select_related("user", "api_token", "sign_in")
        .filter(digest=digest_of(secret), expires_at__gt=clock.now())
        .first()
    )
    if ticket is None or WsTicket.across_tenants.filter(pk=ticket.pk).delete()[0] == 0:
        return None
    return ticket
