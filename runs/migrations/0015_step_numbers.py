"""The order of a run's steps is the database's: a trigger numbers them, so that workers of the version before do so too."""

from __future__ import annotations

from django.db import migrations, models

NUMBER = """
CREATE SEQUENCE mgx_run_step_numbers;
CREATE FUNCTION mgx_number_run_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.number := nextval('mgx_run_step_numbers');
    RETURN NEW;
END $$;
CREATE TRIGGER mgx_run_step_begun BEFORE INSERT ON run_steps FOR EACH ROW EXECUTE FUNCTION mgx_number_run_step();
CREATE TRIGGER mgx_run_step_written BEFORE UPDATE ON run_steps FOR EACH ROW
    WHEN (OLD.finished_at IS DISTINCT FROM NEW.finished_at OR OLD.attempt <> NEW.attempt)
    EXECUTE FUNCTION mgx_number_run_step();
"""
FORGET = """
DROP TRIGGER mgx_run_step_begun ON run_steps;
DROP TRIGGER mgx_run_step_written ON run_steps;
DROP FUNCTION mgx_number_run_step();
DROP SEQUENCE mgx_run_step_numbers;
"""


class Migration(migrations.Migration):
    dependencies = [("runs", "0013_visitors_and_replies")]

    operations = [
        migrations.AddField("runstep", "number", models.BigIntegerField(editable=False, null=True)),
        migrations.RunSQL(NUMBER, FORGET),
    ]
