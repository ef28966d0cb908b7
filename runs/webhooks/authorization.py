"""Who may command from a hosting service: decided by the account's rights on the repository, never by what a text says."""

from __future__ import annotations

from dataclasses import replace

from repositories.hosting.base import HostingClient, Level
from repositories.models import RepositoryLink
from workspaces.models import Membership, Role
from workspaces.principal import Principal

ROLES: dict[Level, Role] = {"write": Role.DEVELOPER, "maintain": Role.ADMIN, "admin": Role.ADMIN}
"""What an account may do here, at most as much as whoever linked the repository. All others command nothing."""


def principal_for_account(link: RepositoryLink, host: HostingClient, account: str) -> Principal | None:
    """The account as a principal of the link's workspace; None where it may not command. Asks the service.

    Whoever linked the repository answers for it: when that person has left the workspace, nobody comes in by this link until it
    is connected again.
    """
    role = ROLES.get(host.level_of(account))
    if role is None:
        return None
    owner = link_owner(link)
    if owner is None:
        return None
    return replace(owner, role=min(role, owner.role, key=list(Role).index), account=f"{account} ({link.provider})")


def link_owner(link: RepositoryLink) -> Principal | None:
    """Whoever linked the repository, with their role of now; None when that person has left the workspace or is
    deactivated."""
    members = Membership.objects.filter(workspace_id=link.workspace_id, user__is_active=True).select_related("user")
    member = members.filter(user=link.connected_by).first() if link.connected_by_id else None
    return None if member is None else Principal(user=member.user, workspace_id=link.workspace_id, role=Role(member.role))
