"""The audit log, and stored answers of requests with an Idempotency-Key."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel

from .users import User


class AuditEntry(TenantModel):
    """Append-only. ``detail`` never holds a secret."""

    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=40)
    object_id = models.UUIDField(null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "audit_entries"
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["workspace", "created_at", "id"], name="audit_list")]


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
