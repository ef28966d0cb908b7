"""Owes the issue or pull request that a task came from word of its run. Written with the state itself, so no crash and no limit
of the service loses it; `runs.notifications.replies` says it.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import F
from django.db.models.functions import Greatest, Now

from ..models import OutgoingComment, TaskRun
from . import status_comment_body

APART = timedelta(seconds=3)
"""Edits of one comment are at least so far apart: what happens meanwhile is said in one."""


def changed(run: TaskRun) -> None:
    """The run has another state or plan. Call it in the transaction that changes it; nothing for tasks of another origin."""
    link_id = run.task.repository_id or run.repository_id
    pull = run.pr_number if run.revision else None
    here = pull or run.task.issue_number
    if link_id is None or here is None:
        return
    for number in {here, run.task.issue_number or here}:
        status_changed(run.workspace_id, link_id, run.task_id, number)
    if found := status_comment_body.news(run):
        key, words = found
        OutgoingComment.objects.for_workspace(run.workspace_id).get_or_create(
            link_id=link_id,
            key=key,
            defaults={
                "workspace_id": run.workspace_id, "task_id": run.task_id, "number": here, "text": words, "due_at": Now(),
            },
        )  # fmt: skip


def status_changed(workspace_id: uuid.UUID, link_id: uuid.UUID, task_id: uuid.UUID, number: int) -> None:
    """The status comment of the task in the thread ``number`` is to be made or edited."""
    key = f"status:{task_id}:{number}"
    rows = OutgoingComment.objects.for_workspace(workspace_id)
    if rows.filter(link_id=link_id, key=key).update(due_at=Greatest(Now(), F("sent_at") + APART)):
        return
    fields = {"form": OutgoingComment.Form.STATUS, "task_id": task_id, "number": number, "due_at": Now()}
    rows.get_or_create(link_id=link_id, key=key, defaults={"workspace_id": workspace_id, **fields})
