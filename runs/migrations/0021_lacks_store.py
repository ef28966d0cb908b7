"""Runs that wait for the store of their files are found without a search."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from mgx_project.common.concurrent_indexes import without_a_lock


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("runs", "0020_begun_by_program")]

    operations = without_a_lock(
        run_lacks_store=AddIndexConcurrently(
            "taskrun",
            models.Index(
                condition=models.Q(status="paused", pause_reason="storage"), fields=["updated_at"], name="run_lacks_store"
            ),
        ),
    )
