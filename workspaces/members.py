"""Members of a workspace: added, given another role, removed. It keeps an owner."""

from __future__ import annotations

import uuid

from django.db import transaction

from mgx_project.common.constraints import conflicts
from mgx_project.common.errors import BadRequest, Conflict, NotFound

from .audit import record_audit
from .limits import require_room
from .models import Membership, Role, User
from .principal import Principal

MEMBER_CONFLICTS = {"membership_unique": ("user", "This user is already a member. Change the role with: mgx member role")}


@transaction.atomic
def add_member(*, principal: Principal, user: str, role: Role) -> Membership:
    """For operators of the server, who make accounts; everybody else invites (`invitations.py`).

    ``user`` is a username or an e-mail address of an account that exists. Raises BadRequest, Conflict, LimitReached.
    """
    found = User.objects.filter(username=user, is_active=True).first()
    if found is None and "@" in user:
        by_address = User.objects.filter(email__iexact=user, is_active=True)[:2]
        found = by_address[0] if len(by_address) == 1 else None
    if found is None:
        raise BadRequest(f"There is no account {user!r}. An operator can create one in the admin.", field="user")
    require_room(principal.workspace_id, "members")
    with conflicts(MEMBER_CONFLICTS):
        membership = Membership.objects.create(workspace_id=principal.workspace_id, user=found, role=role)
    _audit(principal, "member.added", membership, role=role)
    return membership


@transaction.atomic
def change_member(*, principal: Principal, user_id: uuid.UUID | str, role: Role) -> Membership:
    """Raises NotFound, or Conflict if it would leave the workspace without an owner."""
    membership = _locked_member(principal, user_id)
    before = membership.role
    if before == Role.OWNER and role != Role.OWNER:
        _keep_an_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    _audit(principal, "member.changed", membership, role=role, before=before)
    return membership


@transaction.atomic
def remove_member(*, principal: Principal, user_id: uuid.UUID | str) -> None:
    """Also for leaving oneself. What ends with the membership is in `receivers.py`.

    Raises NotFound; NotAllowed for a token of less than its user's role; Conflict when no owner would be left.
    """
    membership = _locked_member(principal, user_id)
    leaving = membership.user_id == principal.user.pk
    if leaving and principal.token_id is not None:
        principal.require(Role(membership.role))
    if membership.role == Role.OWNER:
        _keep_an_owner(membership)
    _audit(principal, "member.left" if leaving else "member.removed", membership, role=membership.role)
    membership.delete()


def _locked_member(principal: Principal, user_id: uuid.UUID | str) -> Membership:
    # All memberships are locked in one order: two owners who remove each other must not both succeed.
    locked = Membership.objects.select_for_update().filter(workspace_id=principal.workspace_id).order_by("id")
    for membership in locked:
        if str(membership.user_id) == str(user_id):
            return membership
    raise NotFound("This user is not a member of this workspace.")


def _keep_an_owner(leaving: Membership) -> None:
    owners = Membership.objects.filter(workspace_id=leaving.workspace_id, role=Role.OWNER)
    if not owners.exclude(pk=leaving.pk).exists():
        raise Conflict(
            "This is the last owner of the workspace. Make another member an owner first.",
            code="last_owner",
            hint="Change a role with: mgx member role NAME owner",
        )


def _audit(principal: Principal, action: str, membership: Membership, **detail: str) -> None:
    record_audit(
        principal=principal,
        action=action,
        object_type="user",
        object_id=membership.user_id,
        detail={"username": membership.user.username, **detail},
    )
