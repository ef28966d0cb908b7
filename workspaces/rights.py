"""Credentials: what a caller is signed in with, whether it is still valid, and how it is revoked.

Everything that outlives one request (sockets, followed logs) asks `Credential.holds()` again every RECHECK_SECONDS, and at once
when a `stream.revoked` message says that something about the token, the sign-in or the person has changed.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, F, Q
from django.utils.crypto import constant_time_compare

from mgx_project.common import clock, tenant_wall
from mgx_project.common.async_db import run_db
from mgx_project.common.channel_broadcast import broadcaster

from .audit import record_account, record_act
from .event_log import group
from .models import ApiToken, SignIn, User, WsTicket

RECHECK_SECONDS = 4.0
"""Interval of checks of a right in use; with SHARED_SECONDS it keeps the promise of 5 s (CONTRACT: WebSocket)."""
SHARED_SECONDS = 0.5
"""How long one answer is reused for all sockets of this process with the same credential."""
CHANGED = {"type": "stream.revoked"}
"""The message that tells a socket to check its right again."""


@dataclass(frozen=True)
class Credential:
    """One of three: an API token, a JWT (its sign-in and its own end), or a browser session."""

    user_id: UUID
    token_id: UUID | None = None
    sign_in_id: UUID | None = None
    ends_at: datetime | None = None
    session_key: str = ""
    session_hash: str = ""

    def holds(self, workspace_id: UUID) -> bool:
        """Whether its user still has access to the workspace. One query."""
        with tenant_wall.within(workspace_id):
            return self._holds(workspace_id)

    def _holds(self, workspace_id: UUID) -> bool:
        if self.ends_at is not None and self.ends_at <= clock.now():
            return False
        in_time = Q(expires_at=None) | Q(expires_at__gt=clock.now())
        if self.token_id is not None:
            tokens = ApiToken.objects.for_workspace(workspace_id).filter(
                in_time, pk=self.token_id, revoked_at=None, user__is_active=True
            )
            return bool(tokens.filter(user__memberships__workspace_id=workspace_id).exists())
        if self.sign_in_id is not None:
            still_in = Q(user__memberships__not_before=None) | Q(user__memberships__not_before__lt=F("created_at"))
            of = {"user_id": self.user_id, "user__is_active": True, "user__memberships__workspace_id": workspace_id}
            return SignIn.objects.filter(still_in, in_time, pk=self.sign_in_id, ended_at=None, **of).exists()
        session = Session.objects.filter(session_key=self.session_key, expire_date__gt=clock.now())
        member = User.objects.filter(pk=self.user_id, is_active=True, memberships__workspace_id=workspace_id)
        user = member.filter(Exists(session)).only("password", "session_stamp").first()
        return user is not None and constant_time_compare(user.get_session_auth_hash(), self.session_hash)

    def groups(self) -> list[str]:
        """Where `stream.revoked` messages about it are sent."""
        named = [group("user", self.user_id)]
        if self.token_id:
            named.append(group("token", self.token_id))
        if self.sign_in_id:
            named.append(group("sign_in", self.sign_in_id))
        return named


_answers: dict[tuple[Credential, UUID], tuple[float, bool]] = {}


async def still_holds(credential: Credential, workspace_id: UUID) -> bool:
    """`Credential.holds`, checked once for all sockets of a person within SHARED_SECONDS."""
    key, now = (credential, workspace_id), time.monotonic()
    known = _answers.get(key)
    if known and now - known[0] < SHARED_SECONDS:
        return known[1]
    for old in [old for old, (at, _) in _answers.items() if now - at > SHARED_SECONDS]:
        del _answers[old]
    answer = await run_db(credential.holds, workspace_id)
    _answers[key] = now, answer
    return answer


class Listening:
    """The right of one listener, for loops that check before every line."""

    def __init__(self, credential: Credential, workspace_id: UUID) -> None:
        self.credential, self.workspace_id = credential, workspace_id
        self._asked = time.monotonic()
        self._doubted = False

    def doubt(self) -> None:
        """Something has changed: the next check reads the database."""
        self._doubted = True

    async def goes_on(self) -> bool:
        """Checked once in RECHECK_SECONDS, or after `doubt`."""
        if self._doubted:
            self._doubted = False
            return await run_db(self.credential.holds, self.workspace_id)
        if time.monotonic() - self._asked < RECHECK_SECONDS:
            return True
        self._asked = time.monotonic()
        return await still_holds(self.credential, self.workspace_id)


def announce_change(groups: Iterable[str]) -> None:
    """Tells open sockets to check their right again, once the transaction has committed."""
    named = list(groups)
    transaction.on_commit(lambda: broadcaster.send(named, CHANGED), robust=True)


def end_tokens(ids: Iterable[UUID]) -> list[UUID]:
    """Revokes API tokens and, recursively, the tokens they created. Returns those that were valid. Needs a transaction."""
    found = frontier = set(ids)
    while frontier:
        children = ApiToken.across_tenants.filter(parent_id__in=frontier)
        frontier = set(children.values_list("pk", flat=True)) - found
        found = found | frontier
    good = ApiToken.across_tenants.select_for_update().filter(pk__in=found, revoked_at=None).order_by("pk")
    ended = list(good.values_list("pk", flat=True))
    ApiToken.across_tenants.filter(pk__in=ended).update(revoked_at=clock.now())
    announce_change(group("token", pk) for pk in ended)
    return ended


def end_sign_ins(of: Q) -> None:
    """Revokes families of JWTs. Call inside a transaction."""
    ended = list(SignIn.objects.select_for_update().filter(of, ended_at=None).values_list("pk", flat=True))
    SignIn.objects.filter(pk__in=ended).update(ended_at=clock.now())
    announce_change(group("sign_in", pk) for pk in ended)


def end_in_workspace(*, user_id: UUID, workspace_id: UUID) -> None:
    """Revokes what depends on a membership: API tokens, tokens created with them, and tickets of this workspace."""
    mine = ApiToken.objects.for_workspace(workspace_id).filter(user_id=user_id, revoked_at=None)
    end_tokens(mine.values_list("pk", flat=True))
    WsTicket.objects.for_workspace(workspace_id).filter(user_id=user_id).delete()


@tenant_wall.across_tenants()
def end_everything(user: User, *, reason: str) -> None:
    """Revokes all browser sessions, JWTs, API tokens and tickets of a person. Call inside a transaction."""
    user.session_stamp = uuid.uuid4()
    User.objects.filter(pk=user.pk).update(session_stamp=user.session_stamp)
    end_sign_ins(Q(user=user))
    record_account(user=None, by="server", action="access_ended", account=user, detail={"reason": reason})
    ended = end_tokens(ApiToken.across_tenants.filter(user=user, revoked_at=None).values_list("pk", flat=True))
    for token in ApiToken.across_tenants.filter(pk__in=ended):
        record_act(
            workspace_id=token.workspace_id, by="server", action="token.revoked", object_type="token", object_id=token.pk,
            detail={"name": token.name, "reason": reason},
        )  # fmt: skip
    WsTicket.across_tenants.filter(user=user).delete()
    announce_change([group("user", user.pk)])
