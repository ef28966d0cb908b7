"""Indexes of the ledger and of events: the answers to reserve by, what was reserved and never settled, and, in a few pages, what is
old (`runs.retention`). They are built while others write, and wait for transactions that are open (`without_a_lock`)."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from mgx_project.common.concurrent_indexes import brin, without_a_lock


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("workspaces", "0010_relay")]

    operations = without_a_lock(
        ledger_answers=AddIndexConcurrently(
            "ledgerentry",
            models.Index(
                "workspace", "role", "model", models.F("created_at").desc(), name="ledger_answers",
                condition=models.Q(cached=False, tokens_out__gt=0),
            ),
        ),
        ledger_unsettled=AddIndexConcurrently(
            "ledgerentry",
            models.Index(fields=["created_at"], name="ledger_unsettled", condition=models.Q(settled_at=None)),
        ),
        event_ages=brin("event_ages", "events"),
        ledger_ages=brin("ledger_ages", "ledger_entries"),
    )  # fmt: skip
