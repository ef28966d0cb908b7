"""What this room does when a row of it goes, by whatever cascade: the stored bytes go too."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.signals import post_delete

from .models import Artifact


def delete_bytes(*, instance: Artifact, **_: Any) -> None:
    """After the commit, and only if no other row of the run names the same bytes."""
    path = instance.path

    def delete() -> None:
        if not Artifact.across_tenants.filter(path=path).exists():
            default_storage.delete(path)

    transaction.on_commit(delete)


def connect() -> None:
    post_delete.connect(delete_bytes, sender=Artifact, dispatch_uid="runs.artifact_bytes")
