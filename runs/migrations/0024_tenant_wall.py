"""The database itself shows a tenant's rows to no other: see `mgx_project.common.row_policies`."""

from __future__ import annotations

from django.db import migrations

from mgx_project.common.row_policies import own_rows_only, rights, roles

TABLES = (
    "api_tokens",
    "approvals",
    "artifacts",
    "audit_entries",
    "budgets",
    "change_rounds",
    "departures",
    "events",
    "idempotency_records",
    "invitations",
    "ledger_entries",
    "memberships",
    "meters",
    "metric_snapshots",
    "model_connections",
    "outgoing_comments",
    "processed_webhooks",
    "projects",
    "relay_cursors",
    "repository_links",
    "run_steps",
    "steer_messages",
    "stored_bytes",
    "task_runs",
    "tasks",
    "webhook_deliveries",
    "ws_tickets",
)


class Migration(migrations.Migration):
    atomic = False  # each table by itself: who locks all of them at once meets those who lock them in another order
    dependencies = [
        ("metrics", "0001_initial"),
        ("projects", "0007_program_runs"),
        ("repositories", "0007_waiting_deliveries"),
        ("runs", "0023_waits_for_people"),
        ("tasks", "0002_pull_requests"),
        ("workspaces", "0015_audit_is_append_only"),
    ]
    operations = [roles(), *own_rows_only(TABLES), *own_rows_only({"workspaces": "id"}), rights()]
