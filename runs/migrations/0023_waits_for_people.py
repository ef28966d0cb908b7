"""What waits for people, and what failed, is found without a search: the inbox asks for it on every visit."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from mgx_project.common.concurrent_indexes import without_a_lock


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("runs", "0022_traceparent")]

    operations = without_a_lock(
        run_inbox=AddIndexConcurrently(
            "taskrun",
            models.Index(
                condition=models.Q(
                    ("status", "awaiting_approval"), ("status", "awaiting_changes"), ("status", "failed"), ("status", "paused"),
                    _connector="OR",
                ),
                fields=["workspace", "updated_at"],
                name="run_inbox",
            ),
        ),
    )
