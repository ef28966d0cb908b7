"""What of the outside has had its effect already."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel


class Handled(TenantModel):
    """``key`` names the cause on the service (a comment, a review, a commit's checks), the same for each delivery of it.

    ``answer`` is what is to be said about it on ``number`` (for ``task_id``); ``said_at`` NULL with an answer: not said yet.
    """

    link_id = models.UUIDField()
    key = models.CharField(max_length=200)
    number = models.PositiveIntegerField(default=0)
    answer = models.TextField(blank=True)
    task_id = models.UUIDField(null=True)
    said_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "handled_causes"
        constraints = [models.UniqueConstraint(fields=["link_id", "key"], name="handled_once")]
        indexes = [models.Index(fields=["created_at"], name="handled_age")]

    def __str__(self) -> str:
        return self.key
