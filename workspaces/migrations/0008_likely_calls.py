"""Whose answers the ledger has, to reserve by; and what was reserved and never settled is found without a search; so is
what is old (`runs.retention`), by indexes of a few pages."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0007_waits_end")]

    operations = [
        migrations.AddField("ledgerentry", "role", models.CharField(blank=True, db_default="", default="", max_length=40)),
        migrations.AddField("ledgerentry", "on_server", models.BooleanField(null=True)),
        migrations.AddIndex(
            "ledgerentry",
            models.Index(
                "workspace", "role", "model", models.F("created_at").desc(), name="ledger_answers",
                condition=models.Q(cached=False, tokens_out__gt=0),
            ),
        ),
        migrations.AddIndex(
            "ledgerentry",
            models.Index(fields=["created_at"], name="ledger_unsettled", condition=models.Q(settled_at=None)),
        ),
        migrations.RunSQL(
            "CREATE INDEX event_ages ON events USING brin (created_at); "
            "CREATE INDEX ledger_ages ON ledger_entries USING brin (created_at)",
            "DROP INDEX event_ages; DROP INDEX ledger_ages",
        ),
    ]  # fmt: skip
