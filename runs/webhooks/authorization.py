"""Authorizes commands from a hosting service by the account's permissions on the repository, never by their text."""

from __future__ import annotations

from dataclasses import replace

from repositories.hosting.base import HostingClient, Level
from repositories.models import RepositoryLink
from workspaces.models import Membership, Role
from workspaces.principal import Principal

ROLES: dict[Level, Role] = {"write": Role.DEVELOPER, "maintain": Role.ADMIN, "admin": Role.ADMIN}
"""The role of an account here, at most that of the user who linked the repository. Other permissions give no role."""


def principal_for_account(link: RepositoryLink, host: HostingClient, account: str) -> Principal | None:
    """The account as a principal of the link's workspace, or None if it may not give commands. Calls the service.

    The user who linked the repository is responsible for it: if that person has left the workspace, no command is accepted
    through this link until it is linked again.
    """
    role = ROLES.get(host.level_of(account))
    if role is None:
        return None
    owner = link_owner(link)
    if owner is None:
        return None
    return replace(owner, role=min(role, owner.role, key=list(Role).index), account=f"{account} ({link.provider})")


def link_owner(link: RepositoryLink) -> Principal | None:
    """The user who linked the repository, with the current role; None if that user has left the workspace or is
    deactivated."""
    members = Membership.objects.filter(workspace_id=link.workspace_id, user__is_active=True).select_related("user")
    member = members.filter(user=link.connected_by).first() if link.connected_by_id else None
    return None if member is None else Principal(user=member.user, workspace_id=link.workspace_id, role=Role(member.role))
