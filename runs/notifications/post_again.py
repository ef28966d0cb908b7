"""Posts a comment again that was given up, on request."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models.functions import Now

from mgx_project.common.errors import Conflict, NotFound
from repositories.models import RepositoryLink
from workspaces.audit import record_audit
from workspaces.principal import Principal

from ..models import OutgoingComment


@transaction.atomic
def post_again(*, principal: Principal, comment_id: uuid.UUID) -> OutgoingComment:
    """Makes it due, with all its attempts; the reaper finds it. Raises NotFound, and Conflict, also where the repository is no
    longer linked: nothing could be posted there."""
    rows = OutgoingComment.objects.for_workspace(principal.workspace_id).select_for_update()
    row: OutgoingComment | None = rows.filter(pk=comment_id).first()
    if row is None:
        raise NotFound("This comment does not exist.")
    if not row.given_up:
        raise Conflict("This comment was posted, or will be.", code="comment_not_given_up")
    links = RepositoryLink.objects.for_workspace(row.workspace_id).exclude(status=RepositoryLink.Status.DISCONNECTED)
    if not links.filter(pk=row.link_id).exists():
        raise Conflict("The repository of this comment is not linked. Link it again first.", code="disconnected")
    row.due_at, row.attempts = Now(), 0
    row.save(update_fields=["due_at", "attempts"])
    row.refresh_from_db(fields=["due_at"])
    detail = {"key": row.key, "number": row.number}
    record_audit(
        principal=principal, action="repository.comment_again", object_type="repository", object_id=row.link_id, detail=detail
    )
    return row
