"""`Handled` held two things: which webhooks have had their effect, and what is to be posted. Each gets a table.

The old table becomes that of the comments, so their rows keep their ids: a posted comment is found again by the id of its row, and
messages that wait in the broker carry it. One statement copies the keys of webhooks into the new table, another deletes rows that
were keys only.
"""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import mgx_project.common.ids

NOT_FROM_WEBHOOKS = "^(status|plan|changes|paused|failed|done):"
"""Keys of comments that a run's state has caused, as `runs.notifications` wrote them. All others are keys of webhooks."""
SPLIT = f"""
INSERT INTO processed_webhooks (id, created_at, workspace_id, link_id, key)
    SELECT id, created_at, workspace_id, link_id, key FROM outgoing_comments WHERE key !~ '{NOT_FROM_WEBHOOKS}';
DELETE FROM outgoing_comments WHERE form = 'comment' AND text = '' AND due_at IS NULL AND sent_at IS NULL;
"""
JOIN = """
INSERT INTO outgoing_comments (id, created_at, workspace_id, link_id, key, form, number, text, attempts)
    SELECT id, created_at, workspace_id, link_id, key, 'comment', 0, '', 0 FROM processed_webhooks
    ON CONFLICT (link_id, key) DO NOTHING;
SET CONSTRAINTS ALL IMMEDIATE;
"""
NAMES = {
    "handled_age": "outgoing_comment_age",
    "handled_of_task": "outgoing_comment_of_task",
}
ONCE = ("link_id", "key")


class Migration(migrations.Migration):
    dependencies = [("runs", "0010_run_turn"), ("workspaces", "0001_initial")]

    operations = [
        migrations.RemoveIndex("handled", "handled_to_say"),
        migrations.RenameModel("Handled", "OutgoingComment"),
        migrations.AlterModelTable("outgoingcomment", "outgoing_comments"),
        migrations.RenameField("outgoingcomment", "answer", "text"),
        migrations.RenameField("outgoingcomment", "say_at", "due_at"),
        migrations.RenameField("outgoingcomment", "held_until", "locked_until"),
        migrations.RenameField("outgoingcomment", "said_at", "sent_at"),
        *(migrations.RenameIndex("outgoingcomment", new_name=new, old_name=old) for old, new in NAMES.items()),
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    "ALTER TABLE outgoing_comments RENAME CONSTRAINT handled_once TO outgoing_comment_once",
                    "ALTER TABLE outgoing_comments RENAME CONSTRAINT outgoing_comment_once TO handled_once",
                )
            ],
            [
                migrations.RemoveConstraint("outgoingcomment", "handled_once"),
                migrations.AddConstraint(
                    "outgoingcomment", models.UniqueConstraint(fields=ONCE, name="outgoing_comment_once")
                ),
            ],
        ),
        migrations.CreateModel(
            "ProcessedWebhook",
            [
                (
                    "id",
                    models.UUIDField(
                        default=mgx_project.common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("link_id", models.UUIDField()),
                ("key", models.CharField(max_length=200)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "processed_webhooks",
                "indexes": [models.Index(fields=["created_at"], name="processed_webhook_age")],
                "constraints": [models.UniqueConstraint(fields=ONCE, name="processed_webhook_once")],
            },
            managers=[("across_tenants", models.Manager())],
        ),
        migrations.RunSQL(SPLIT, JOIN),
        migrations.AddIndex(
            "outgoingcomment",
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="outgoing_comment_due"),
        ),
    ]
