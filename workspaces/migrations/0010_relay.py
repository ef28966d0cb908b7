from __future__ import annotations

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

import mgx_project.common.ids


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0009_statements_end")]

    operations = [
        migrations.CreateModel(
            name="RelayLease",
            fields=[
                ("topic", models.CharField(max_length=249, primary_key=True, serialize=False)),
                ("owner", models.CharField(blank=True, max_length=80)),
                ("expires_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "relay_leases"},
        ),
        migrations.CreateModel(
            name="RelayCursor",
            fields=[
                ("id", models.UUIDField(default=mgx_project.common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("topic", models.CharField(max_length=249)),
                ("position", models.BigIntegerField(default=0)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"
                    ),
                ),
            ],
            options={"db_table": "relay_cursors"},
            managers=[("across_tenants", django.db.models.manager.Manager())],
        ),
        migrations.AddConstraint(
            model_name="relaycursor",
            constraint=models.UniqueConstraint(fields=("workspace", "topic"), name="relay_cursor_unique"),
        ),
    ]
