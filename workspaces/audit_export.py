"""The whole audit log as NDJSON, oldest entry first, a page of rows in memory at a time."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

from django.db.models import Q, QuerySet

from mgx_project.common import tenant_wall
from mgx_project.common.async_db import run_db
from mgx_project.common.rendering import dumps

from .rights import Listening
from .serializers.audit import AuditRow

PAGE = 500
ENDED = {"error": "access_ended", "detail": "Your token, sign-in or membership is no longer valid. The export is not complete."}
"""The last line for a client whose access ends meanwhile."""


async def ndjson(rows: QuerySet[Any], listening: Listening) -> AsyncIterator[bytes]:
    """A chunk for each page, read by keyset: a client that reads slowly keeps no connection to the database."""
    last: dict[str, Any] | None = None
    while True:
        if not await listening.goes_on():
            yield dumps(ENDED) + b"\n"
            return
        page = await run_db(_page, listening.workspace_id, rows, last)
        if page:
            yield b"".join(dumps(AuditRow.render(row)) + b"\n" for row in page)
            last = page[-1]
        if len(page) < PAGE:
            return


def _page(workspace_id: uuid.UUID, rows: QuerySet[Any], last: dict[str, Any] | None) -> list[dict[str, Any]]:
    if last is not None:
        rows = rows.filter(
            Q(created_at__gt=last["created_at"]) | Q(created_at=last["created_at"], id__gt=last["id"]),
            created_at__gte=last["created_at"],  # the beginning of the index, where an OR is only a filter
        )
    with tenant_wall.within(workspace_id):  # a stream is made after its request, which had opened the wall
        return list(rows.order_by("created_at", "id").values(*AuditRow.columns().values())[:PAGE])
