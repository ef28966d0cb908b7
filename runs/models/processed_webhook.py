"""Idempotency keys of webhooks that were processed."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel
from repositories.hosting.webhook_events import MAX_KEY


class ProcessedWebhook(TenantModel):
    """An idempotency key: ``key`` names the cause (a comment, a review, a commit's checks), the same for each delivery of it.

    Written in the transaction of the effect. The reply, if any, is an `OutgoingComment` with the same key.
    """

    link_id = models.UUIDField()
    key = models.CharField(max_length=MAX_KEY)

    class Meta:
        db_table = "processed_webhooks"
        constraints = [models.UniqueConstraint(fields=["link_id", "key"], name="processed_webhook_once")]
        indexes = [models.Index(fields=["created_at"], name="processed_webhook_age")]

    def __str__(self) -> str:
        return self.key
