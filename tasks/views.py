"""Tasks, and the stacks that a task can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import redis
import structlog
from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agent import stacks
from agent.stack_programs import available
from mgx_project.common.living_workers import programs_of_all, workers_seen
from workspaces.audit import record_audit
from workspaces.models import Role
from workspaces.viewsets import TenantViewSet

from .filters import TaskFilter
from .models import Task
from .serializers import StackList, TaskChanges, TaskInput, TaskRow
from .services import create_task, require_repository
from .signals import task_deleting

log = structlog.stdlib.get_logger(__name__)


class TaskViewSet(TenantViewSet):
    """What a user wants done, in plain words. A run (POST /api/runs) is an attempt at it."""

    model = Task
    rows = TaskRow
    serializer_class = TaskChanges
    filterset_class = TaskFilter
    noun = "task"

    @extend_schema(request=TaskInput)
    def create(self, request: Request) -> Response:
        """Creates a task without starting it. Start a run with POST /api/runs."""

        def respond() -> Response:
            task = create_task(principal=self.principal, **self.validated(TaskInput))
            return self.answer_row(task.pk, http_status=status.HTTP_201_CREATED)

        return self.once(respond)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Changes the task for its next run. Runs that have started keep what they started with."""
        return self.patch_row(pk)

    def before_write(self, row: Task, changes: dict[str, Any]) -> None:
        require_repository(self.principal.workspace_id, changes.get("repository_id"))

    def destroy(self, request: Request, pk: str) -> Response:
        """Deletes the task with its finished runs. Developers may delete their own tasks that never ran, admins any task."""
        with transaction.atomic():
            task = self.locked(pk)
            if task.runs_total or not self.principal.owns(created_by_id=task.created_by_id, account=""):
                self.principal.require(Role.ADMIN)
            task_deleting.send(sender=Task, task=task)
            record_audit(
                principal=self.principal,
                action="task.deleted",
                object_type="task",
                object_id=task.pk,
                detail={"name": task.name, "runs": task.runs_total},
            )
            task.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class StackCatalogue(APIView):
    """The stacks that a task can name. They are the same in every workspace."""

    @extend_schema(responses=StackList)
    def get(self, request: Request) -> Response:
        told = _programs_of_workers()
        return Response({"items": [_stack(stack, told) for stack in stacks.catalogue()], "next_cursor": None})


def _programs_of_workers() -> dict[str, bool]:
    try:
        return programs_of_all(workers_seen())
    except redis.RedisError as error:
        log.warning("what workers have is not known, so this process tells what itself has", error=str(error))
        return {}


def _stack(stack: stacks.Stack, told: Mapping[str, bool]) -> dict[str, Any]:
    plain = (
        "id", "title", "language", "project_type", "package_manager", "files_required", "files_forbidden", "install", "test",
        "build", "lint",
    )  # fmt: skip
    return {
        **{name: getattr(stack, name) for name in plain},
        "formatters": [tool.name for tool in stack.format],
        "has_starter": stack.starter is not None,
        "tools": {name: told.get(name, here) for name, here in available(stack).items()},
    }
