"""Small indexes by which `runs.retention` finds what is old, built while others write."""

from __future__ import annotations

from django.db import migrations

from mgx_project.common.concurrent_indexes import brin, without_a_lock


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("runs", "0018_versions")]

    operations = without_a_lock(
        run_step_ages=brin("run_step_ages", "run_steps"),
        artifact_ages=brin("artifact_ages", "artifacts"),
    )
