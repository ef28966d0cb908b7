"""Runs that wait for room in a budget are found without a search."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0015_step_numbers")]

    operations = [
        migrations.AddIndex(
            "taskrun",
            models.Index(
                condition=models.Q(status="paused", pause_reason="budget"), fields=["id"], name="run_lacks_budget"
            ),
        ),
    ]
