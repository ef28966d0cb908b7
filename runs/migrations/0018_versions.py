"""Expands: a worker of the release before knows none of these columns, so the database has a default for each. It keeps writing
``prompt_version``, which is read where ``prompt_set`` is 0 (`runs.lifecycle.versions`)."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0017_scheduled_jobs")]

    operations = [
        migrations.AddField("taskrun", "prompt_set", models.PositiveSmallIntegerField(db_default=0, default=0)),
        migrations.AddField("taskrun", "journal_format", models.PositiveSmallIntegerField(db_default=0, default=0)),
        migrations.AddField("taskrun", "planned_again", models.JSONField(db_default={}, default=dict)),
    ]
