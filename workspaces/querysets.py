"""Querysets of the workspaces that a person may see."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet

from mgx_project.common import tenant_wall

from .models import Membership, User, Workspace


def open_wall_for(user: User) -> None:
    """From here on the database shows the rows of all workspaces that ``user`` is a member of."""
    with tenant_wall.across_tenants():
        mine = list(Membership.objects.filter(user=user).values_list("workspace_id", flat=True))
    tenant_wall.enter(*mine)


def visible_workspaces(user: User) -> QuerySet[Any]:
    """The workspaces that ``user`` is a member of, each with the user's ``role`` in it."""
    return Workspace.objects.filter(memberships__user=user).annotate(role=F("memberships__role"))
