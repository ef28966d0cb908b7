"""Limits, the operator's budgets and the meters of the server's own endpoint. What `limits` held beside limits goes to the
metadata (`former_limits`); workspaces that are there already keep the server's model, which they could use until now.
"""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

import mgx_project.common.ids

MOST = {
    "running_runs": 2**31 - 1, "queued_runs": 2**31 - 1, "projects": 2**31 - 1, "members": 2**31 - 1,
    "storage_bytes": 2**53 - 1, "requests_per_minute": 2**31 - 1,
}  # fmt: skip
KEEP_WHAT_WAS_SPENT = """
CREATE FUNCTION mgx_keep_server_spending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO server_former_spending (period, tokens, cost_usd)
    VALUES (OLD.period, OLD.tokens_in + OLD.tokens_out + OLD.reserved_tokens, OLD.cost_usd + OLD.reserved_cost_usd)
    ON CONFLICT (period) DO UPDATE SET tokens = server_former_spending.tokens + excluded.tokens,
                                       cost_usd = server_former_spending.cost_usd + excluded.cost_usd;
    RETURN NULL;
END $$;
CREATE TRIGGER mgx_keep_server_spending AFTER DELETE ON meters
    FOR EACH ROW WHEN (OLD.scope = 'server') EXECUTE FUNCTION mgx_keep_server_spending();
"""
FORGET = """
DROP TRIGGER mgx_keep_server_spending ON meters;
DROP FUNCTION mgx_keep_server_spending();
"""


def sort_out(apps: Any, schema_editor: Any) -> None:
    workspaces = apps.get_model("workspaces", "Workspace").objects
    for row in workspaces.exclude(limits={}).iterator():
        known, others = {}, {}
        found = row.limits if isinstance(row.limits, dict) else {"limits": row.limits}
        for name, value in found.items():
            fits = type(value) is int and 0 <= value <= MOST.get(name, -1)
            (known if fits else others)[name] = value
        if others:
            row.metadata = {**row.metadata, "former_limits": others}
        row.limits = known
        row.save(update_fields=["limits", "metadata"])
    workspaces.update(server_model=True)


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0004_rights")]

    operations = [
        migrations.AddField("workspace", "server_model", models.BooleanField(blank=True, null=True)),
        migrations.AddField("budget", "set_by_operator", models.BooleanField(default=False)),
        migrations.RemoveConstraint("budget", "budget_scope_unique"),
        migrations.AddConstraint(
            "budget",
            models.UniqueConstraint(
                fields=("workspace", "project_id", "period", "set_by_operator"),
                name="budget_scope_unique",
                nulls_distinct=False,
            ),
        ),
        migrations.AlterField(
            "meter",
            "scope",
            models.CharField(
                choices=[("project", "Project"), ("run", "Run"), ("server", "Server"), ("workspace", "Workspace")],
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            "meter", models.Index(condition=models.Q(("scope", "server")), fields=["period"], name="meter_of_server")
        ),
        migrations.CreateModel(
            name="FormerSpending",
            fields=[
                ("period", models.CharField(max_length=7, primary_key=True, serialize=False)),
                ("tokens", models.BigIntegerField(default=0)),
                ("cost_usd", models.DecimalField(decimal_places=6, default=0, max_digits=20)),
            ],
            options={"db_table": "server_former_spending", "verbose_name_plural": "former spending"},
        ),
        migrations.CreateModel(
            name="StoredBytes",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mgx_project.common.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("size", models.BigIntegerField(default=0)),
                (
                    "workspace",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
                ),
            ],
            options={
                "db_table": "stored_bytes",
                "constraints": [models.UniqueConstraint(fields=("workspace",), name="stored_bytes_once")],
            },
            managers=[("across_tenants", django.db.models.manager.Manager())],
        ),
        migrations.RunPython(sort_out, migrations.RunPython.noop, elidable=True),
        migrations.RunSQL(KEEP_WHAT_WAS_SPENT, FORGET),
    ]
