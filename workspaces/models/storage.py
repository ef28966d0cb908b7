"""What a workspace stores."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel


class StoredBytes(TenantModel):
    """The size of all artifacts of a workspace, kept by a trigger on them: the sum is never taken anew."""

    size = models.BigIntegerField(default=0)

    class Meta:
        db_table = "stored_bytes"
        constraints = [models.UniqueConstraint(fields=["workspace"], name="stored_bytes_once")]

    def __str__(self) -> str:
        return f"{self.workspace_id}: {self.size}"
