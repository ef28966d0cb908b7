"""An event is written to fewer indexes: one by the workspace alone repeats the beginning of others, and events of runs have no
repository. They are exchanged while others write (`without_a_lock`)."""

from __future__ import annotations

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

from mgx_project.common.concurrent_indexes import without_a_lock

BY_WORKSPACE = "events_workspace_id_f0309846"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("workspaces", "0012_frozen_holders_end")]

    operations = without_a_lock(
        event_of_repository=AddIndexConcurrently(
            "event",
            models.Index(
                fields=["workspace", "repository_id", "position"], name="event_of_repository",
                condition=models.Q(repository_id__isnull=False),
            ),
        ),
        event_by_repository=RemoveIndexConcurrently("event", "event_by_repository"),
        **{BY_WORKSPACE: migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {BY_WORKSPACE}",
                    f"CREATE INDEX CONCURRENTLY {BY_WORKSPACE} ON events (workspace_id)",
                )
            ],
            [
                migrations.AlterField(
                    "event",
                    "workspace",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"
                    ),
                )
            ],
        )},
    )  # fmt: skip
