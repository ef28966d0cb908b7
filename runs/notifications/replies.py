"""Posts queued replies to issues and pull requests, each at most once, with retries if the service fails.

The hidden marker of a comment is the id of its row: nobody knows it before the comment is there, and no two tenants share one.
"""

from __future__ import annotations

import uuid

import structlog
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from structlog.contextvars import bound_contextvars

from mgx_project.common import clock, tenant_wall
from mgx_project.common.errors import MGXError
from repositories.errors import HostFailed
from repositories.fair_shares import shares
from repositories.hosting.base import Comment, HostingClient
from repositories.hosting.registry import host_of
from repositories.models import RepositoryLink

from ..models import OutgoingComment, TaskRun
from . import status_comment_body
from .retry_policy import CLAIM_TIMEOUT, MAX_ATTEMPTS, MAX_REFUSALS, backoff

log = structlog.stdlib.get_logger(__name__)
ORDER = ("due_at", "created_at", "pk")


def due() -> QuerySet[OutgoingComment]:
    """Due replies that no worker has claimed, the oldest first; of one moment, as they were queued."""
    free = Q(locked_until=None) | Q(locked_until__lt=Now())
    rows: QuerySet[OutgoingComment] = OutgoingComment.across_tenants.filter(free, due_at__lte=Now()).order_by(*ORDER)
    return rows


def waiting(limit: int) -> list[uuid.UUID]:
    """The oldest due reply of each workspace that has a free share, the oldest first."""
    rows = due().exclude(workspace_id__in=shares.full())
    first = rows.order_by("workspace_id", *ORDER).distinct("workspace_id").values("pk")
    return list(due().filter(pk__in=first).values_list("pk", flat=True)[:limit])


def pending_replies(task_id: uuid.UUID) -> list[uuid.UUID]:
    """Due replies for a task."""
    return list(due().filter(task_id=task_id).values_list("pk", flat=True))


def post_reply(row_id: uuid.UUID) -> list[uuid.UUID]:
    """Posts a reply. Does nothing if another worker has it, it is posted, or its workspace has used up its share.

    Returns the workspace's replies that can be posted next.
    """
    with tenant_wall.across_tenants():
        workspace_id = OutgoingComment.across_tenants.filter(pk=row_id).values_list("workspace_id", flat=True).first()
    if workspace_id is None:
        return []
    with tenant_wall.within(workspace_id):
        with shares.of(workspace_id) as mine:
            if not mine:
                return []
            with bound_contextvars(workspace_id=workspace_id, reply_id=row_id):
                _post_reply(row_id)
        return list(due().filter(workspace_id=workspace_id).values_list("pk", flat=True)[:1])


def _post_reply(row_id: uuid.UUID) -> None:
    if not due().filter(pk=row_id).update(locked_until=Now() + CLAIM_TIMEOUT, attempts=F("attempts") + 1):
        return
    row = OutgoingComment.across_tenants.get(pk=row_id)
    if row.due_at is None:
        return
    link = RepositoryLink.objects.for_workspace(row.workspace_id).filter(pk=row.link_id).first()
    host = host_of(link) if link is not None and link.status != RepositoryLink.Status.DISCONNECTED else None
    with bound_contextvars(task_id=row.task_id):
        try:
            posted = None if host is None else _post(host, row)
        except MGXError as error:
            _schedule_retry(row, error)
        else:
            _mark_posted(row, posted)


def _post(host: HostingClient, row: OutgoingComment) -> Comment | None:
    match OutgoingComment.Form(row.form):
        case OutgoingComment.Form.REACTION:
            host.react(int(row.key.partition(":")[2]), "eyes", remark=row.thread is not None)
        case OutgoingComment.Form.STATUS:
            if text := _status(row):
                return host.comment(row.number, text, marker=str(row.pk))
        case OutgoingComment.Form.COMMENT:
            return host.comment(row.number, row.text, marker=str(row.pk))
        case OutgoingComment.Form.REPLY if row.thread is not None:
            return host.reply(row.number, row.thread, row.text, marker=str(row.pk))
    return None


def _status(row: OutgoingComment) -> str:
    runs = TaskRun.objects.for_workspace(row.workspace_id).filter(task_id=row.task_id).select_related("task")
    run = runs.order_by("-run_number").first()
    reactions = OutgoingComment.objects.for_workspace(row.workspace_id).filter(
        task_id=row.task_id, number=row.number, form=OutgoingComment.Form.REACTION
    )
    last = reactions.order_by("-created_at", "-pk").values_list("text", flat=True).first()
    return "" if run is None else status_comment_body.status(run, last or "")


def _mark_posted(row: OutgoingComment, posted: Comment | None = None) -> None:
    """Marks the reply as posted, unless it became due again meanwhile (``due_at`` changed)."""
    mine = OutgoingComment.across_tenants.filter(pk=row.pk)
    mine.update(locked_until=None, sent_at=clock.now(), attempts=0, comment_id=posted and posted.id)
    mine.filter(due_at=row.due_at).update(due_at=None)


def _schedule_retry(row: OutgoingComment, error: MGXError) -> None:
    mine = OutgoingComment.across_tenants.filter(pk=row.pk)
    most = MAX_ATTEMPTS if isinstance(error, HostFailed) else MAX_REFUSALS
    if row.attempts >= most:
        log.warning("giving up a comment", key=row.key, number=row.number, error=error.detail)
        mine.update(locked_until=None, due_at=None, attempts=0)
        return
    log.info("a comment could not be posted, trying again", key=row.key, number=row.number, error=error.detail)
    mine.update(locked_until=None, due_at=clock.now() + backoff(row.attempts, error.retry_after))
