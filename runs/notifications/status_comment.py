"""Queues status comments for the issue or pull request that a task came from. They are queued in the transaction of the
state change, so that no crash and no rate limit loses one; `runs.notifications.replies` posts them.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import F
from django.db.models.functions import Greatest, Now

from ..models import OutgoingComment, TaskRun
from . import status_comment_body

APART = timedelta(seconds=3)
"""The minimum interval between two edits of a comment; changes in between are combined."""


def queue_comments(run: TaskRun) -> None:
    """Queues an update after a change of state or plan, in its transaction. Does nothing for tasks of another origin."""
    link_id = run.task.repository_id or run.repository_id
    # where it was asked for, as long as a run that gets a pull request of its own has none
    pull = run.pr_number or run.revision.get("thread") if run.revision else None
    here = pull or run.task.issue_number
    if link_id is None or here is None:
        return
    for number in {here, run.task.issue_number or here}:
        queue_status_comment(run.workspace_id, link_id, run.task_id, number)
    if found := status_comment_body.news(run):
        key, words = found
        OutgoingComment.objects.for_workspace(run.workspace_id).get_or_create(
            link_id=link_id,
            key=key,
            defaults={
                "workspace_id": run.workspace_id, "task_id": run.task_id, "number": here, "text": words, "due_at": Now(),
            },
        )  # fmt: skip


def queue_status_comment(workspace_id: uuid.UUID, link_id: uuid.UUID, task_id: uuid.UUID, number: int) -> None:
    """Queues creating or editing the task's status comment in the thread ``number``."""
    key = f"status:{task_id}:{number}"
    rows = OutgoingComment.objects.for_workspace(workspace_id)
    if rows.filter(link_id=link_id, key=key).update(due_at=Greatest(Now(), F("sent_at") + APART)):
        return
    fields = {"form": OutgoingComment.Form.STATUS, "task_id": task_id, "number": number, "due_at": Now()}
    rows.get_or_create(link_id=link_id, key=key, defaults={"workspace_id": workspace_id, **fields})
