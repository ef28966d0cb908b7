"""The principal of a request: who asks, for which tenant, with which role. Decided once, before any row is read."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from mgx_project.common import tenant_wall
from mgx_project.common.errors import BadRequest, NotAllowed, NotFound
from mgx_project.common.ids import id_like, parse_id
from mgx_project.common.json_values import storable

from .creation import may_create
from .models import ApiToken, Membership, Role, User


class Caller(Protocol):
    """Identifies the caller for idempotency and audit; ``workspace_id`` is None outside any workspace."""

    @property
    def name(self) -> str: ...
    @property
    def workspace_id(self) -> uuid.UUID | None: ...


@dataclass(frozen=True)
class UnscopedPrincipal:
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
    """Of a hosting service, for a visitor who acts from there; ``user`` is then who linked the repository and answers for
    it."""
    is_program: bool = False
    """Whether that account is a program's."""
    limits: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The workspace's own, where the row was at hand: see `limits.py`."""

    @property
    def display(self) -> str:
        """The name shown to people."""
        return self.account or self.user.get_username()

    @property
    def person(self) -> User | None:
        """The user to whom an act is ascribed; None for a visitor, who has no user here."""
        return None if self.account else self.user

    def owns(self, *, created_by_id: uuid.UUID | None, account: str) -> bool:
        """Whether what was created by that user, or by the visitor ``account``, is the principal's own. A visitor owns nothing
        of the user who linked the repository, nor of other visitors."""
        return self.account == account if self.account or account else created_by_id == self.user.pk

    @property
    def name(self) -> str:
        """Stable for idempotency and audit: an API token is its own principal."""
        if self.account:
            return f"account:{self.account}"
        return f"token:{self.token_id}" if self.token_id else f"user:{self.user.pk}"

    def require(self, role: Role) -> None:
        """Raises NotAllowed if the principal does not have at least ``role``."""
        if not self.role.allows(role):
            raise NotAllowed(f"This requires the role {role} in the workspace; your role is {self.role}.")


def names_of(header: Callable[[str], str | None], parameter: str | None) -> tuple[str, ...]:
    """The workspaces that a request names, by id or slug. ``header`` reads one by its name; ``parameter`` is `?workspace=`."""
    return tuple(name for name in (header("X-Workspace-Id"), header("X-Workspace-Slug"), parameter) if name)


def _all_mean(names: tuple[str, ...], workspace_id: uuid.UUID, slug: str) -> bool:
    """A value that looks like an id is one, so that a slug can't imitate another workspace's id."""
    return all(parse_id(name) == workspace_id if id_like(name) else name.lower() == slug.lower() for name in names)


@tenant_wall.across_tenants()
def principal_of_token(token: ApiToken, names: tuple[str, ...] = ()) -> Principal:
    """An API token acts in its own workspace, with the smaller of its role and its user's role now.

    Raises NotAllowed (`workspace_mismatch`) if the request names another workspace.
    """
    rows = Membership.objects.select_related("workspace").filter(workspace_id=token.workspace_id, user_id=token.user_id)
    membership = rows.first()
    if membership is None:
        raise NotAllowed("The user of this token is no longer a member of its workspace.")
    if not _all_mean(names, token.workspace_id, membership.workspace.slug):
        named = storable(", ".join(names)[:200])
        raise NotAllowed(
            f"This token belongs to the workspace {membership.workspace.slug}, but the request names {named}.",
            code="workspace_mismatch",
            hint="Remove the other workspace (--workspace, MGX_WORKSPACE or the header), or use a token of that workspace.",
        )
    role = min(Role(token.role), Role(membership.role), key=list(Role).index)
    return Principal(
        user=token.user,
        workspace_id=token.workspace_id,
        role=role,
        token_id=token.pk,
        limits=membership.workspace.limits,
    )


@tenant_wall.across_tenants()
def principal_of_user(user: User, names: tuple[str, ...] = (), *, signed_in_at: datetime | None = None) -> Principal:
    """Without ``names`` the user's only workspace counts. ``signed_in_at`` is when the person proved who they are.

    Raises NotFound for a workspace that the user isn't a member of, BadRequest (listing the choices) when it is unclear,
    NotAllowed when the sign-in is older than the person's last departure from the workspace.
    """
    memberships = list(Membership.objects.filter(user=user).select_related("workspace").order_by("created_at"))
    if names:
        for membership in memberships:
            if _all_mean(names, membership.workspace_id, membership.workspace.slug):
                return _member(user, membership, signed_in_at)
        raise NotFound("This workspace does not exist or you do not have access to it.")
    if len(memberships) == 1:
        return _member(user, memberships[0], signed_in_at)
    if not memberships:
        what = (
            "Create one with: mgx workspace create NAME."
            if may_create(user)
            else "Ask an operator for one, or a workspace's owner to invite you."
        )
        raise BadRequest(f"You are not a member of any workspace yet. {what}", code="no_workspace")
    choices = ", ".join(m.workspace.slug for m in memberships)
    raise BadRequest(
        f"You are a member of several workspaces. Name one (mgx --workspace NAME, or the header X-Workspace-Slug): {choices}.",
        code="workspace_needed",
        hint="With mgx, name it before the command: mgx --workspace NAME …",
    )


def sign_in_counts(membership: Membership, signed_in_at: datetime | None) -> bool:
    """Whether the person signed in after they last left the workspace."""
    since = membership.not_before
    return since is None or (signed_in_at is not None and signed_in_at > since)


def _member(user: User, membership: Membership, signed_in_at: datetime | None) -> Principal:
    if not sign_in_counts(membership, signed_in_at):
        raise NotAllowed("Your membership changed after you signed in. Sign in again.", code="sign_in_again")
    return Principal(
        user=user, workspace_id=membership.workspace_id, role=Role(membership.role), limits=membership.workspace.limits
    )
