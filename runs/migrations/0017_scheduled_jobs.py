"""When work that comes round is due next, for all processes together; and small indexes by which `runs.retention`
finds what is old."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0016_lacks_budget")]

    operations = [
        migrations.CreateModel(
            "ScheduledJob",
            [
                ("name", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("due_at", models.DateTimeField()),
                ("last_run_at", models.DateTimeField(null=True)),
                ("last_ms", models.PositiveIntegerField(null=True)),
                ("last_did", models.JSONField(default=dict)),
            ],
            options={"db_table": "scheduled_jobs"},
        ),
        migrations.RunSQL(
            "CREATE INDEX run_step_ages ON run_steps USING brin (created_at); "
            "CREATE INDEX artifact_ages ON artifacts USING brin (created_at)",
            "DROP INDEX run_step_ages; DROP INDEX artifact_ages",
        ),
    ]
