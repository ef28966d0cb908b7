"""Whose answers the ledger has, to reserve by. Its indexes: 0011."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0007_waits_end")]

    operations = [
        migrations.AddField("ledgerentry", "role", models.CharField(blank=True, db_default="", default="", max_length=40)),
        migrations.AddField("ledgerentry", "on_server", models.BooleanField(null=True)),
    ]
