"""Files of the artifact store whose rows are gone together with all that would name their workspace."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class FileToRemove(models.Model):
    """Written where a workspace is deleted, and deleted when the store no longer has the file (`runs.orphaned_files`). It has
    no tenant: it outlives it."""

    path = models.CharField(primary_key=True, max_length=400)
    since = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "files_to_remove"
        verbose_name_plural = "files to remove"

    def __str__(self) -> str:
        return self.path
