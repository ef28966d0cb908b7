"""Creates the project `default` in every new workspace, for tasks that name no project."""

from __future__ import annotations

import uuid
from typing import Any

from workspaces.models import Workspace
from workspaces.signals import project_named, workspace_created

from .models import Project
from .services import DEFAULT_SLUG, project_of


def make_default_project(*, workspace: Workspace, **_: Any) -> None:
    Project.objects.create(workspace=workspace, name="Default", slug=DEFAULT_SLUG)


def require_project(*, workspace_id: uuid.UUID, project_id: uuid.UUID, **_: Any) -> None:
    project_of(workspace_id, project_id)


def connect() -> None:
    project_named.connect(require_project, dispatch_uid="projects.named")
    workspace_created.connect(make_default_project, dispatch_uid="projects.default")
