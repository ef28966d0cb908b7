"""Authorizes commands from a hosting service by the account's permissions on the repository, never by their text."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from repositories.hosting.base import HostingClient, Level
from repositories.hosting.registry import provider_of
from repositories.models import RepositoryLink
from workspaces.models import Membership, Role
from workspaces.principal import Principal

ROLES: dict[Level, Role] = {"write": Role.DEVELOPER, "maintain": Role.ADMIN, "admin": Role.ADMIN}
"""The role of an account here, at most that of the user who linked the repository. Other permissions give no role."""

MAX_VISITOR = 150
"""Characters of `TaskRun.account`."""


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
    return replace(owner, role=min(role, owner.role, key=list(Role).index), account=visitor(link, account))


def visitor(link: RepositoryLink, account: str) -> str:
    """The account as a person: `octocat (github)`, and `octocat (github at git.example.com)` where the link is to a server of
    its own. At most `MAX_VISITOR` characters; two accounts have never the same."""
    provider = provider_of(link.provider)
    server = "" if provider is None else provider.server(link)
    name = f"{account} ({link.provider} at {server})" if server else f"{account} ({link.provider})"
    if len(name) <= MAX_VISITOR:
        return name
    return f"{name[: MAX_VISITOR - 34]}… {hashlib.sha256(name.encode()).hexdigest()[:32]}"


def link_owner(link: RepositoryLink) -> Principal | None:
    """The user who linked the repository, with the current role; None if that user has left the workspace or is
    deactivated."""
    members = Membership.objects.filter(workspace_id=link.workspace_id, user__is_active=True).select_related("user")
    member = members.filter(user=link.connected_by).first() if link.connected_by_id else None
    return None if member is None else Principal(user=member.user, workspace_id=link.workspace_id, role=Role(member.role))
