"""A repository that was unlinked and linked again has another link: what names a former one gets the new one, so that issues
and pull requests still find their tasks and runs, and no event is taken up twice."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from repositories.models import RepositoryLink
from tasks.models import Task

from ..models import OutgoingComment, ProcessedWebhook, TaskRun


def take_over(link: RepositoryLink, former: Sequence[uuid.UUID]) -> None:
    """``former`` links, the latest first: of two tasks of one issue, the later link's is kept."""
    workspace = link.workspace_id
    for old in former:
        tasks = Task.objects.for_workspace(workspace)
        taken = tasks.filter(repository_id=link.pk, issue_number__isnull=False).values("issue_number")
        tasks.filter(repository_id=old).exclude(issue_number__in=taken).update(repository_id=link.pk)
        TaskRun.objects.for_workspace(workspace).filter(repository_id=old).update(repository_id=link.pk)
        for model in (ProcessedWebhook, OutgoingComment):
            rows = model.objects.for_workspace(workspace)
            known = rows.filter(link_id=link.pk).values("key")
            rows.filter(link_id=old).exclude(key__in=known).update(link_id=link.pk)
