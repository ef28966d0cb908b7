"""Creating tasks."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import transaction

from projects.services import project_of
from workspaces.audit import record_audit
from workspaces.principal import Principal

from .models import Task
from .signals import repository_named

MAX_NAME = 80
AUTO = "auto"


@transaction.atomic
def create_task(
    *,
    principal: Principal,
    description: str,
    name: str = "",
    project_id: uuid.UUID | None = None,
    stack: str | None = None,
    **fields: Any,
) -> Task:
    """The name defaults to the description's first line, the stack to the project's; `auto` infers the stack, `none` is none.

    Raises NotFound for an unknown project, BadRequest for a repository that the workspace has not linked.
    """
    project = project_of(principal.workspace_id, project_id)
    require_repository(principal.workspace_id, fields.get("repository_id"))
    fields.setdefault("max_rounds", settings.MGX_MAX_ROUNDS)
    fields.setdefault("max_revision_rounds", settings.MGX_MAX_REVISION_ROUNDS)
    task: Task = Task.objects.create(
        workspace_id=principal.workspace_id,
        project=project,
        name=name or name_of(description),
        description=description,
        stack=stored_stack(project.default_stack if stack is None else stack),
        created_by=principal.person,
        **fields,
    )
    record_audit(
        principal=principal,
        action="task.created",
        object_type="task",
        object_id=task.pk,
        detail={"name": task.name, "project": project.slug},
    )
    return task


def require_repository(workspace_id: uuid.UUID, repository_id: uuid.UUID | None) -> None:
    """Raises BadRequest for a repository that the workspace has not linked."""
    if repository_id is not None:
        repository_named.send(sender=Task, workspace_id=workspace_id, repository_id=repository_id)


def stored_stack(stack: str) -> str:
    return "" if stack == AUTO else stack


def name_of(description: str) -> str:
    """The first line, shortened at a word boundary."""
    line = description.strip().splitlines()[0].strip()
    if len(line) <= MAX_NAME:
        return line
    head = line[: MAX_NAME - 1]
    return (head.rsplit(" ", 1)[0] if " " in head else head).rstrip() + "…"
