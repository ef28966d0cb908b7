"""Entries of the audit log that are old are found without a search. The table may be large, and is written by every act."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from mgx_project.common.concurrent_indexes import without_a_lock


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("workspaces", "0016_default_managers")]

    operations = without_a_lock(
        audit_ages=AddIndexConcurrently("auditentry", models.Index(fields=["created_at"], name="audit_ages")),
    )
