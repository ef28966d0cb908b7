"""Every workspace begins with a project: a task without one has a place to go."""

from __future__ import annotations

from typing import Any

from workspaces.models import Workspace
from workspaces.signals import workspace_created

from .models import Project
from .services import DEFAULT_SLUG


def make_default_project(*, workspace: Workspace, **_: Any) -> None:
    Project.objects.create(workspace=workspace, name="Default", slug=DEFAULT_SLUG)


def connect() -> None:
    workspace_created.connect(make_default_project, dispatch_uid="projects.default")
