"""The running total of a workspace's artifacts, kept by triggers: it holds for every way in which their rows come and go."""

from __future__ import annotations

from django.db import migrations

KEEP = """
CREATE FUNCTION mgx_count_stored_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO stored_bytes AS s (id, created_at, workspace_id, size)
        SELECT gen_random_uuid(), now(), workspace_id, sum(size) FROM new_rows GROUP BY workspace_id ORDER BY workspace_id
        ON CONFLICT (workspace_id) DO UPDATE SET size = s.size + excluded.size;
    ELSIF TG_OP = 'UPDATE' THEN
        UPDATE stored_bytes AS s SET size = s.size + d.more FROM (
            SELECT workspace_id, sum(size) AS more FROM (
                SELECT workspace_id, size FROM new_rows UNION ALL SELECT workspace_id, -size FROM old_rows
            ) AS both_rows GROUP BY workspace_id HAVING sum(size) <> 0
        ) AS d WHERE s.workspace_id = d.workspace_id;
    ELSE
        UPDATE stored_bytes AS s SET size = s.size - d.less FROM (
            SELECT workspace_id, sum(size) AS less FROM old_rows GROUP BY workspace_id
        ) AS d WHERE s.workspace_id = d.workspace_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER mgx_count_inserted AFTER INSERT ON artifacts
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mgx_count_stored_bytes();
CREATE TRIGGER mgx_count_updated AFTER UPDATE ON artifacts
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mgx_count_stored_bytes();
CREATE TRIGGER mgx_count_deleted AFTER DELETE ON artifacts
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION mgx_count_stored_bytes();
INSERT INTO stored_bytes (id, created_at, workspace_id, size)
SELECT gen_random_uuid(), now(), workspace_id, sum(size) FROM artifacts GROUP BY workspace_id;
"""
FORGET = """
DROP TRIGGER mgx_count_inserted ON artifacts;
DROP TRIGGER mgx_count_updated ON artifacts;
DROP TRIGGER mgx_count_deleted ON artifacts;
DROP FUNCTION mgx_count_stored_bytes();
"""


class Migration(migrations.Migration):
    dependencies = [("runs", "0008_fair_claim"), ("workspaces", "0007_limits")]

    operations = [migrations.RunSQL(KEEP, FORGET)]
