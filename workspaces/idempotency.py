"""Idempotency-Key: the same POST twice has one effect and one answer.

The record is written in the transaction of the effect. A concurrent duplicate waits on the unique index until the first one
commits, then gets its answer; if the first one rolled back, the duplicate does the work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

import orjson
from django.db import IntegrityError, transaction
from rest_framework.request import Request
from rest_framework.response import Response

from mgx_project.common import clock
from mgx_project.common.errors import BadRequest, Conflict
from mgx_project.common.rendering import dumps

from .models import IdempotencyRecord
from .principal import Caller

KEPT = timedelta(hours=24)
MAX_KEY = 200


def answer_once(request: Request, principal: Caller, respond: Callable[[], Response], *, secret: bool = False) -> Response:
    """Runs ``respond`` in a transaction, once per (workspace, principal, route, key); without the header, just runs it.

    ``secret`` answers (a new token) are not stored: a second call gets an error that says the first one succeeded.
    Raises Conflict if the key was used with another body, BadRequest if it is malformed.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        with transaction.atomic():
            return respond()
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise BadRequest(f"Idempotency-Key must consist of 1 to {MAX_KEY} printable characters.")
    digest = hashlib.sha256(orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS)).hexdigest()
    scope = {"workspace_id": principal.workspace_id, "principal": principal.name, "route": request.path.rstrip("/"), "key": key}
    IdempotencyRecord.across_tenants.filter(**scope, created_at__lt=clock.now() - KEPT).delete()
    try:
        with transaction.atomic():
            record = IdempotencyRecord.objects.create(**scope, body_digest=digest, status=0)
            response = respond()
            record.status = response.status_code
            record.body = None if secret else orjson.loads(dumps(response.data))
            record.save(update_fields=["status", "body"])
            return response
    except IntegrityError:
        found = IdempotencyRecord.across_tenants.filter(**scope).first()
        if found is None:
            raise
    if found.body_digest != digest:
        raise Conflict(
            "This Idempotency-Key was used with another body. Use a new key for each new request.", code="key_reused"
        )
    if found.body is None and found.status != 204:
        raise Conflict(
            "This request already succeeded. Its answer contained a secret that is shown only once.", code="already_done"
        )
    return Response(found.body, status=found.status, headers={"Idempotent-Replayed": "true"})
