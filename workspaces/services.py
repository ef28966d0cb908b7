"""Creating and changing workspaces."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from mgx_project.common.constraints import conflicts

from .audit import record_audit
from .creation import give_default_budget
from .models import Membership, Role, User, Workspace
from .principal import Principal
from .signals import workspace_created

WORKSPACE_CONFLICTS = {"workspace_slug_unique": ("slug", "Another workspace uses this slug. Choose another slug.")}


@transaction.atomic
def create_workspace(*, owner: User, name: str, slug: str, metadata: dict[str, Any] | None = None) -> Workspace:
    """A tenant with its first owner. Apps above this one add what belongs to it. Raises Conflict when the slug is taken.

    Whether ``owner`` may is for the caller to ask (`creation.require_creator`).
    """
    with conflicts(WORKSPACE_CONFLICTS):
        workspace = Workspace.objects.create(name=name, slug=slug, metadata=metadata or {})
    Membership.objects.create(workspace=workspace, user=owner, role=Role.OWNER)
    give_default_budget(workspace)
    workspace_created.send(sender=Workspace, workspace=workspace)
    record_audit(
        principal=Principal(user=owner, workspace_id=workspace.pk, role=Role.OWNER),
        action="workspace.created",
        object_type="workspace",
        object_id=workspace.pk,
        detail={"name": name, "slug": slug},
    )
    return workspace
