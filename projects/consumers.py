"""`/ws/projects/{id}`: what happens to one project."""

from __future__ import annotations

from workspaces.consumers_base import ObjectStream

from .models import Project


class ProjectStream(ObjectStream):
    model = Project
    kind = "project"
