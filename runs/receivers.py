"""What this room does when rows go: live runs keep their task, and the stored bytes go with their row, by whatever cascade."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.signals import post_delete

from mgx_project.common.errors import InvalidTransition
from tasks.models import Task
from tasks.signals import task_deleting

from .models import Artifact, TaskRun
from .models.run import FINAL


def delete_bytes(*, instance: Artifact, **_: Any) -> None:
    """After the commit, and only if no other row of the run names the same bytes."""
    path = instance.path

    def delete() -> None:
        if not Artifact.across_tenants.filter(path=path).exists():
            default_storage.delete(path)

    transaction.on_commit(delete)


def refuse_while_runs_live(*, task: Task, **_: Any) -> None:
    """A run's worker writes rows of it until it has ended. No new run can begin: that takes the task's lock."""
    live = TaskRun.objects.of(task.workspace_id).filter(task=task).exclude(status__in=FINAL).order_by("run_number").first()
    if live is not None:
        raise InvalidTransition(f"Run #{live.run_number} of this task is {live.status}: cancel it before you delete the task.")


def connect() -> None:
    task_deleting.connect(refuse_while_runs_live, dispatch_uid="runs.live")
    post_delete.connect(delete_bytes, sender=Artifact, dispatch_uid="runs.artifact_bytes")
