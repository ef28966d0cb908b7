"""Who asks, for which tenant, with which role: decided once per request, before any row is read."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Protocol

from mgx_project.common.errors import BadRequest, NotAllowed, NotFound

from .creation import may_create
from .models import ApiToken, Membership, Role, User


class Caller(Protocol):
    """Whose request it is, for what is remembered about requests; ``workspace_id`` is None outside any workspace."""

    @property
    def name(self) -> str: ...
    @property
    def workspace_id(self) -> uuid.UUID | None: ...


@dataclass(frozen=True)
class Newcomer:
    """A person who has signed in and named no workspace."""

    user: User
    workspace_id: None = None

    @property
    def name(self) -> str:
        return f"user:{self.user.pk}"


@dataclass(frozen=True)
class Principal:
    user: User
    workspace_id: uuid.UUID
    role: Role
    token_id: uuid.UUID | None = None
    account: str = ""
    """Of a hosting service, where somebody acts from there; ``user`` is then who linked the repository."""

    @property
    def display(self) -> str:
        """Who did it, as people read it."""
        return self.account or self.user.get_username()

    @property
    def name(self) -> str:
        """Stable for idempotency and audit: an API token is its own principal."""
        if self.account:
            return f"account:{self.account}"
        return f"token:{self.token_id}" if self.token_id else f"user:{self.user.pk}"

    def require(self, role: Role) -> None:
        """Raises NotAllowed unless the principal has at least ``role``."""
        if not self.role.allows(role):
            raise NotAllowed(f"This needs the role {role} in the workspace; yours is {self.role}.")


def principal_of_token(token: ApiToken) -> Principal:
    """An API token acts in its own workspace, with the smaller of its role and its user's role now."""
    membership = Membership.objects.filter(workspace_id=token.workspace_id, user_id=token.user_id).first()
    if membership is None:
        raise NotAllowed("The user of this token is no longer a member of its workspace.")
    role = min(Role(token.role), Role(membership.role), key=list(Role).index)
    return Principal(user=token.user, workspace_id=token.workspace_id, role=role, token_id=token.pk)


def principal_of_user(user: User, wanted: str | None) -> Principal:
    """``wanted`` is a workspace's id or slug; without it the user's only workspace counts.

    Raises NotFound for a workspace that the user isn't a member of, BadRequest (listing the choices) when it is unclear.
    """
    memberships = list(Membership.objects.filter(user=user).select_related("workspace").order_by("created_at"))
    if wanted:
        for membership in memberships:
            if wanted.lower() in {str(membership.workspace_id), membership.workspace.slug.lower()}:
                return Principal(user=user, workspace_id=membership.workspace_id, role=Role(membership.role))
        raise NotFound("There is no such workspace that you can see.")
    if len(memberships) == 1:
        return Principal(user=user, workspace_id=memberships[0].workspace_id, role=Role(memberships[0].role))
    if not memberships:
        what = (
            "Create one with POST /api/workspaces."
            if may_create(user)
            else "Ask an operator for one, or a member to invite you."
        )
        raise BadRequest(f"You are not a member of any workspace yet. {what}", code="no_workspace")
    choices = ", ".join(m.workspace.slug for m in memberships)
    raise BadRequest(f"Say which workspace you mean by the header X-Workspace-Slug: {choices}.", code="workspace_needed")
