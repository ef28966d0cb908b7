"""Artifacts of a run: the bytes are in the artifact store, everything else here."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel

from .run import TaskRun


class Artifact(TenantModel):
    """``path`` is the key in the store and begins with the workspace's id. Trees (kind `tree`) are for resuming only."""

    class Kind(models.TextChoices):
        DIFF = "diff"
        LOG = "log"
        TREE = "tree"
        PROFILE = "profile"
        CHANGES = "changes"

    run = models.ForeignKey(TaskRun, on_delete=models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=400)

    class Meta:
        db_table = "artifacts"
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="artifact_name_unique")]
        indexes = [models.Index(fields=["workspace", "run", "created_at", "id"], name="artifact_list")]

    def __str__(self) -> str:
        return self.name
