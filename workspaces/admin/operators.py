"""Whose rows an operator sees: staff users those of the workspaces that they are admin or owner of, superusers all.

Rights come from the roles in the workspaces, not from Django's permissions: who may do something over the API may do it in
the admin.
"""

from __future__ import annotations

import uuid

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from mgx_project.common import tenant_wall

from ..models import Membership, Role, User
from ..principal import Principal


def _roles(request: HttpRequest) -> dict[uuid.UUID, Role]:
    """The staff user's role in each workspace, read once per request: the menu asks for every model."""
    cached: dict[uuid.UUID, Role] | None = getattr(request, "_mgx_roles", None)
    if cached is None:
        assert isinstance(request.user, User)
        with tenant_wall.across_tenants():
            rows = Membership.objects.filter(user=request.user).values_list("workspace_id", "role")
            cached = {workspace_id: Role(role) for workspace_id, role in rows}
        request._mgx_roles = cached  # type: ignore[attr-defined]
    return cached


def sees_all(request: HttpRequest) -> bool:
    """Whether the user may operate every tenant: superusers only."""
    return bool(request.user.is_active and request.user.is_staff and getattr(request.user, "is_superuser", False))


def operated(request: HttpRequest, role: Role = Role.ADMIN) -> list[uuid.UUID]:
    """The workspaces in which a staff user has at least ``role``. A superuser has every right without being a member."""
    if not (request.user.is_active and request.user.is_staff):
        return []
    return [workspace_id for workspace_id, has in _roles(request).items() if has.allows(role)]


def open_wall(request: HttpRequest) -> None:
    """From here on the database shows the rows of the operator's tenants: of all, where that is a superuser."""
    if sees_all(request):
        tenant_wall.enter_all()
    else:
        tenant_wall.enter(*operated(request, Role.VIEWER))


def operator(request: HttpRequest, workspace_id: uuid.UUID) -> Principal:
    """The signed-in operator as services know people. Raises PermissionDenied outside their tenants."""
    user = request.user
    assert isinstance(user, User)
    if sees_all(request):
        return Principal(user=user, workspace_id=workspace_id, role=Role.OWNER)
    if workspace_id not in operated(request):
        raise PermissionDenied("This belongs to a workspace that you do not administer.")
    return Principal(user=user, workspace_id=workspace_id, role=_roles(request)[workspace_id])
