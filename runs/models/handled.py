"""What of the outside has had its effect already."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel


class Handled(TenantModel):
    """``key`` names the cause on the service (a comment, a review, a commit's checks), the same for each delivery of it."""

    link_id = models.UUIDField()
    key = models.CharField(max_length=200)

    class Meta:
        db_table = "handled_causes"
        constraints = [models.UniqueConstraint(fields=["link_id", "key"], name="handled_once")]

    def __str__(self) -> str:
        return self.key
