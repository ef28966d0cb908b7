"""The audit log, and stored answers of requests with an Idempotency-Key."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from mgx_project.common.models import TenantModel

from .users import User


class AuditEntry(TenantModel):
    """Append-only: triggers of the database refuse UPDATE, TRUNCATE and, outside retention, DELETE (migration 0015).

    It outlives its workspace and its user, whose names it keeps, so neither is a foreign key of the database. The workspace is
    NULL for what happens outside any, such as a sign-in. ``changes`` maps a field to its values before and after. Neither that
    nor ``detail`` holds a secret. ``address`` and ``request_id`` are empty for what no request did.
    """

    workspace = models.ForeignKey(  # type: ignore[assignment]
        "workspaces.Workspace", on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    workspace_slug = models.CharField(max_length=60, db_default="")
    user = models.ForeignKey(User, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    username = models.CharField(max_length=400, db_default="")
    address = models.CharField(max_length=45, db_default="")
    request_id = models.CharField(max_length=36, db_default="")
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=40)
    object_id = models.UUIDField(null=True)
    detail = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    changes = models.JSONField(default=dict, db_default={}, encoder=DjangoJSONEncoder)

    class Meta:
        db_table = "audit_entries"
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["workspace", "created_at", "id"], name="audit_list"),
            models.Index(fields=["created_at"], name="audit_ages"),
        ]


class IdempotencyRecord(TenantModel):
    """The first answer to an Idempotency-Key, kept 24 h; written in the transaction of the effect it stands for.

    The workspace is NULL for what happens outside any: making a workspace.
    """

    workspace = models.ForeignKey(  # type: ignore[assignment]
        "workspaces.Workspace", on_delete=models.CASCADE, null=True, related_name="+"
    )
    principal = models.CharField(max_length=80)
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(null=True)

    class Meta:
        db_table = "idempotency_records"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "principal", "route", "key"], name="idempotency_key_unique", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]
