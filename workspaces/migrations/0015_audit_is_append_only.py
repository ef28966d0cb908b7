"""Entries of the audit log are not changed, and deleted by retention alone: it names, for its transaction, the moment before
which an entry must have been made (`audit_retention`)."""

from django.db import migrations

NAMES = """
UPDATE audit_entries SET
    workspace_slug = coalesce((SELECT slug FROM workspaces WHERE workspaces.id = audit_entries.workspace_id), ''),
    username = coalesce((SELECT username FROM users WHERE users.id = audit_entries.user_id), detail ->> 'by', '')
WHERE username = ''
"""
REFUSE = """
CREATE FUNCTION audit_entries_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.created_at < nullif(current_setting('mgx.audit_deleted_before', true), '')::timestamptz THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'The audit log is append-only: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION audit_entries_stay();
CREATE TRIGGER audit_entries_stay_whole BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_stay();
"""
ALLOW = """
DROP TRIGGER audit_entries_stay ON audit_entries;
DROP TRIGGER audit_entries_stay_whole ON audit_entries;
DROP FUNCTION audit_entries_stay();
"""


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0014_audit_entries_stay")]
    operations = [
        migrations.RunSQL(NAMES, migrations.RunSQL.noop),
        migrations.RunSQL(REFUSE, ALLOW),
    ]
