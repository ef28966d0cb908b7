"""Receivers for deletions: tasks with live runs can't be deleted, and stored bytes are deleted with their rows."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import post_delete, pre_delete

from mgx_project.common import store
from mgx_project.common.errors import BadRequest, InvalidTransition
from projects.models import Project
from repositories.models import RepositoryLink, WebhookDelivery
from repositories.signals import repository_relinked, webhook_accepted
from tasks.models import Task
from tasks.signals import repository_named, task_deleting
from workspaces.models import Workspace
from workspaces.signals import model_test_wanted

from .lifecycle.relinking import take_over
from .models import Artifact, FileToRemove, TaskRun
from .models.run_state import FINAL
from .signals import run_finished
from .worker.model_connection_test import try_connection

WITHIN_A_WORKSPACE = (Artifact, TaskRun, Task, Project)
"""What is deleted with its files while the workspace stays, so that `runs.orphaned_files` finds those that are left over."""


def delete_bytes(*, instance: Artifact, origin: Any = None, **_: Any) -> None:
    """After the commit, and only if no other row of the run names the same bytes. ``origin`` is what was told to be deleted."""
    run_id, path = instance.run_id, instance.path
    told = origin.model if isinstance(origin, QuerySet) else type(origin)
    of_a_workspace = not issubclass(told, WITHIN_A_WORKSPACE)
    if of_a_workspace:
        FileToRemove.objects.bulk_create([FileToRemove(path=path)], ignore_conflicts=True)

    def delete() -> None:
        if not Artifact.across_tenants.filter(run_id=run_id, path=path).exists():
            store.delete(path, alias=store.BRIEF)  # somebody may wait for the answer to their request
        if of_a_workspace:
            FileToRemove.objects.filter(path=path).delete()

    transaction.on_commit(delete, robust=True)


def refuse_while_runs_live(*, task: Task, **_: Any) -> None:
    """Raises InvalidTransition if a run of the task has not ended: its worker still writes rows of it.

    No new run can begin: that takes the task's lock.
    """
    live = (
        TaskRun.objects.for_workspace(task.workspace_id)
        .filter(task=task)
        .exclude(status__in=FINAL)
        .order_by("run_number")
        .first()
    )
    if live is not None:
        raise InvalidTransition(f"Run #{live.run_number} of this task is {live.status}. Cancel it before you delete the task.")


def refuse_while_any_run_lives(*, instance: Project | Workspace, **_: Any) -> None:
    """Raises InvalidTransition if a run of any task of the project or workspace has not ended.

    Locking the tasks keeps new runs from beginning meanwhile.
    """
    mine = {"workspace_id": instance.pk} if isinstance(instance, Workspace) else {"project_id": instance.pk}
    with transaction.atomic():
        tasks = list(Task.across_tenants.filter(**mine).order_by("pk").select_for_update().values_list("pk", flat=True))
        live = TaskRun.across_tenants.filter(task__in=tasks).exclude(status__in=FINAL).count()
    if live:
        what = "workspace" if isinstance(instance, Workspace) else "project"
        raise InvalidTransition(f"{live} runs of this {what} have not ended. Cancel them before you delete the {what}.")


def wake_for_delivery(*, delivery: WebhookDelivery, **_: Any) -> None:
    """Wakes a worker. If the message is lost, the reaper finds the row."""
    from .webhooks.actors import take_delivery

    transaction.on_commit(lambda: take_delivery.send(str(delivery.pk)), robust=True)


def require_linked(*, workspace_id: uuid.UUID, repository_id: uuid.UUID, **_: Any) -> None:
    """Raises BadRequest for a repository that is not linked in the workspace."""
    if not RepositoryLink.objects.for_workspace(workspace_id).filter(pk=repository_id).exists():
        raise BadRequest("This repository is not linked in this workspace.", field="repository_id")


def give_former_work(*, link: RepositoryLink, former: list[uuid.UUID], **_: Any) -> None:
    """What names the former links of a repository names its new one."""
    take_over(link, former)


def take_up_what_waited(*, run: TaskRun, **_: Any) -> None:
    """Reviews and checks that came while the run was at work are looked at again."""
    from .webhooks.actors import take_delivery
    from .webhooks.waiting import wake

    waited = [str(delivery_id) for delivery_id in wake(run.task_id)]

    def send_all() -> None:  # the first that Redis does not take ends it: the reaper finds the others
        for delivery_id in waited:
            take_delivery.send(delivery_id)

    if waited:
        transaction.on_commit(send_all, robust=True)


def connect() -> None:
    repository_relinked.connect(give_former_work, dispatch_uid="runs.relinked")
    run_finished.connect(take_up_what_waited, dispatch_uid="runs.waiting_deliveries")
    repository_named.connect(require_linked, dispatch_uid="runs.task_repository")
    model_test_wanted.connect(try_connection, dispatch_uid="runs.model_test")
    webhook_accepted.connect(wake_for_delivery, dispatch_uid="runs.phases.deliver")
    pre_delete.connect(refuse_while_any_run_lives, sender=Project, dispatch_uid="runs.live_project")
    pre_delete.connect(refuse_while_any_run_lives, sender=Workspace, dispatch_uid="runs.live_workspace")
    task_deleting.connect(refuse_while_runs_live, dispatch_uid="runs.live")
    post_delete.connect(delete_bytes, sender=Artifact, dispatch_uid="runs.artifact_bytes")
