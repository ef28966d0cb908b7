"""Runs that wait for room in a budget are found without a search."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from mgx_project.common.concurrent_indexes import without_a_lock


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("runs", "0015_step_numbers")]

    operations = without_a_lock(
        run_lacks_budget=AddIndexConcurrently(
            "taskrun",
            models.Index(
                condition=models.Q(status="paused", pause_reason="budget"), fields=["id"], name="run_lacks_budget"
            ),
        ),
    )
