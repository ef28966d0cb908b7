"""A run carries its task's priority, kept by triggers, so that an index has the order in which runs are claimed."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import BooleanField, ExpressionWrapper, F, Q

CLAIMABLE = ["approved", "delivering", "executing", "planning", "queued"]
KEEP = """
CREATE FUNCTION mgx_run_priority() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT priority INTO STRICT NEW.priority FROM tasks WHERE id = NEW.task_id;
    RETURN NEW;
EXCEPTION WHEN no_data_found THEN
    RETURN NEW;  -- the foreign key says it, in its own words
END $$;
CREATE FUNCTION mgx_task_priority() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE task_runs SET priority = NEW.priority
    WHERE task_id = NEW.id AND status IN ('approved', 'delivering', 'executing', 'planning', 'queued');
    RETURN NULL;
END $$;
CREATE TRIGGER mgx_run_priority BEFORE INSERT OR UPDATE OF status ON task_runs
    FOR EACH ROW EXECUTE FUNCTION mgx_run_priority();
CREATE TRIGGER mgx_task_priority AFTER UPDATE OF priority ON tasks
    FOR EACH ROW WHEN (OLD.priority IS DISTINCT FROM NEW.priority) EXECUTE FUNCTION mgx_task_priority();
UPDATE task_runs SET priority = tasks.priority FROM tasks WHERE tasks.id = task_runs.task_id AND tasks.priority <> 0;
"""
FORGET = """
DROP TRIGGER mgx_run_priority ON task_runs;
DROP TRIGGER mgx_task_priority ON tasks;
DROP FUNCTION mgx_run_priority();
DROP FUNCTION mgx_task_priority();
"""


class Migration(migrations.Migration):
    dependencies = [("runs", "0009_stored_bytes"), ("tasks", "0002_pull_requests")]

    operations = [
        migrations.AddField(
            "taskrun", "priority", models.SmallIntegerField(default=0, db_default=0, editable=False), preserve_default=True
        ),
        migrations.RunSQL(KEEP, FORGET),
        migrations.RemoveIndex("taskrun", "run_waiting"),
        migrations.AddIndex(
            "taskrun",
            models.Index(
                "workspace", ExpressionWrapper(Q(status="queued"), output_field=BooleanField()), F("priority").desc(),
                "created_at", "id", condition=Q(status__in=CLAIMABLE), name="run_turn",
            ),
        ),
    ]  # fmt: skip
