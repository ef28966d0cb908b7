"""`/ws/tasks/{id}`: what happens to one task."""

from __future__ import annotations

from workspaces.consumers_base import ObjectStream

from .models import Task


class TaskStream(ObjectStream):
    model = Task
    kind = "task"
