"""Creating and deleting projects. The project `default` can't be deleted."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from mgx_project.common.constraints import conflicts
from mgx_project.common.errors import BadRequest, Conflict, NotFound
from workspaces.audit import record_audit
from workspaces.limits import require_room
from workspaces.principal import Principal

from .models import Project

DEFAULT_SLUG = "default"
PROJECT_CONFLICTS = {
    "project_slug_unique": ("slug", "A project with this slug already exists in the workspace. Choose another slug.")
}


@transaction.atomic
def create_project(*, principal: Principal, name: str, slug: str = "", **fields: Any) -> Project:
    """The slug is derived from the name if omitted. Raises BadRequest, Conflict, LimitReached."""
    slug = slug or slugify(name)[:60]
    if not slug:
        raise BadRequest("A slug can't be derived from this name. Give one of letters, digits and hyphens.", field="slug")
    require_room(principal.workspace_id, "projects", Project.objects.for_workspace(principal.workspace_id).count)
    with conflicts(PROJECT_CONFLICTS):
        project: Project = Project.objects.create(workspace_id=principal.workspace_id, name=name, slug=slug, **fields)
    record_audit(
        principal=principal, action="project.created", object_type="project", object_id=project.pk, detail={"slug": slug}
    )
    return project


@transaction.atomic
def delete_project(*, principal: Principal, project: Project) -> None:
    """Deletes the project with its tasks, runs and links. Raises Conflict for the default project."""
    refuse_default(project, "deleted")
    record_audit(
        principal=principal,
        action="project.deleted",
        object_type="project",
        object_id=project.pk,
        detail={"slug": project.slug, "name": project.name},
    )
    project.delete()


def refuse_default(project: Project, verb: str) -> None:
    """Raises Conflict for the default project; ``verb`` says what can't be done to it."""
    if project.slug == DEFAULT_SLUG:
        raise Conflict(
            f"The project `default` can't be {verb}: it receives tasks that name no project.", code="default_project"
        )


def project_of(workspace_id: uuid.UUID, project_id: uuid.UUID | None) -> Project:
    """The tenant's project with this id, or its default project. Raises NotFound."""
    projects = Project.objects.for_workspace(workspace_id)
    project: Project | None = (projects.filter(pk=project_id) if project_id else projects.filter(slug=DEFAULT_SLUG)).first()
    if project is None:
        where = "This project does not exist or you do not have access to it."
        raise NotFound(where if project_id else "The workspace has no default project.")
    return project
