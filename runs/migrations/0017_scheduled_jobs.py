"""When work that comes round is due next, for all processes together."""

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
    ]
