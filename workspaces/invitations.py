"""Invitations: a person becomes a member by accepting one, and may leave at any time."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction

from mgx_project.common import clock, tenant_wall
from mgx_project.common.errors import BadRequest, Conflict, NotFound

from .audit import record_audit
from .limits import require_room
from .models import Invitation, Membership, Role, User
from .principal import Principal
from .secrets import digest_of, new_secret

PREFIX = "mgxi_"
KEPT = timedelta(days=7)
LONGEST = timedelta(days=30)


@transaction.atomic
def invite(*, principal: Principal, role: Role, email: str = "", expires_at: datetime | None = None) -> tuple[Invitation, str]:
    """Returns the row and the secret, which is not stored. The answer does not reveal who has an account.

    ``email`` binds the invitation to the account with that address. Raises BadRequest, NotAllowed.
    """
    principal.require(Role.OWNER)
    now = clock.now()
    if expires_at is not None and not now < expires_at <= now + LONGEST:
        raise BadRequest(f"expires_at must be at most {LONGEST.days} days from now.", field="expires_at")
    secret = new_secret(PREFIX)
    invitation = Invitation.objects.create(
        workspace_id=principal.workspace_id,
        role=role,
        email=email,
        digest=digest_of(secret),
        created_by=principal.user,
        expires_at=expires_at or now + KEPT,
    )
    _audit(principal, "invitation.created", invitation)
    return invitation, secret


@transaction.atomic
def revoke_invitation(*, principal: Principal, invitation: Invitation) -> None:
    """Raises Conflict if it was accepted already: remove the member instead."""
    if invitation.accepted_at is not None:
        raise Conflict("This invitation was already accepted. Remove the member instead.", code="accepted")
    if invitation.revoked_at is None:
        invitation.revoked_at = clock.now()
        invitation.save(update_fields=["revoked_at"])
        _audit(principal, "invitation.revoked", invitation)


@tenant_wall.across_tenants()
@transaction.atomic
def accept_invitation(*, user: User, secret: str) -> Membership:
    """Makes ``user`` a member. Raises NotFound for a secret that is not (or no longer) good for them, Conflict for a member
    and LimitReached if the workspace is full.

    An invitation by somebody who is no longer an owner is not valid.
    """
    found = Invitation.across_tenants.select_for_update(of=("self",)).filter(digest=digest_of(secret)).first()
    again = found is not None and found.accepted_by_id == user.pk
    if found is None or not (again or _good_for(found, user)):
        raise NotFound(
            "This invitation is unknown, used, withdrawn, expired or meant for another account.",
            code="no_invitation",
            hint="Ask an owner of the workspace for a new one.",
        )
    if Membership.objects.filter(workspace_id=found.workspace_id, user=user).exists():
        raise Conflict("You are already a member of this workspace. Ask an owner to change your role.", code="already_member")
    if again:
        raise NotFound("You have already used this invitation. Ask for a new one.", code="no_invitation")
    require_room(found.workspace_id, "members")
    membership = Membership.objects.create(workspace_id=found.workspace_id, user=user, role=found.role)
    found.accepted_at, found.accepted_by = clock.now(), user
    found.save(update_fields=["accepted_at", "accepted_by"])
    joined = Principal(user=user, workspace_id=found.workspace_id, role=Role(found.role))
    _audit(joined, "member.joined", found)
    return membership


def _good_for(invitation: Invitation, user: User) -> bool:
    if invitation.accepted_at or invitation.revoked_at or invitation.expires_at <= clock.now():
        return False
    if invitation.email and invitation.email.lower() != user.email.lower():
        return False
    maker = Membership.objects.filter(workspace_id=invitation.workspace_id, user=invitation.created_by).first()
    by_operator = invitation.created_by is not None and invitation.created_by.is_active and invitation.created_by.is_superuser
    return by_operator or (maker is not None and maker.role == Role.OWNER and maker.user.is_active)


def _audit(principal: Principal, action: str, invitation: Invitation) -> None:
    record_audit(
        principal=principal,
        action=action,
        object_type="invitation",
        object_id=invitation.pk,
        detail={"role": invitation.role, **({"email": invitation.email} if invitation.email else {})},
    )


def find_invitation(*, principal: Principal, invitation_id: uuid.UUID | str) -> Invitation:
    """The row, locked. Call inside a transaction. Raises NotFound."""
    rows = Invitation.objects.for_workspace(principal.workspace_id).select_for_update(of=("self",))
    found: Invitation | None = rows.filter(pk=invitation_id).first()
    if found is None:
        raise NotFound("This invitation does not exist in this workspace.")
    return found
