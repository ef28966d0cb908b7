"""An entry of the audit log keeps the names of its workspace and user, which it outlives, and says where an act came from.

A process of the release before, which works on beside this schema, writes no names: the database looks them up, as nobody may
do so later (migration 0015).
"""

import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

NAMED = """
CREATE FUNCTION audit_entries_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.username := coalesce((SELECT username FROM users WHERE id = NEW.user_id), NEW.detail ->> 'by', '');
    NEW.workspace_slug := coalesce((SELECT slug FROM workspaces WHERE id = NEW.workspace_id), '');
    RETURN NEW;
END $$;
CREATE TRIGGER audit_entries_named BEFORE INSERT ON audit_entries
    FOR EACH ROW WHEN (NEW.username = '') EXECUTE FUNCTION audit_entries_named();
"""
UNNAMED = """
DROP TRIGGER audit_entries_named ON audit_entries;
DROP FUNCTION audit_entries_named();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('workspaces', '0013_fewer_event_indexes'),
    ]

    operations = [
        migrations.AddField(
            model_name='auditentry',
            name='address',
            field=models.CharField(db_default='', max_length=45),
        ),
        migrations.AddField(
            model_name='auditentry',
            name='changes',
            field=models.JSONField(db_default={}, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder),
        ),
        migrations.AddField(
            model_name='auditentry',
            name='request_id',
            field=models.CharField(db_default='', max_length=36),
        ),
        migrations.AddField(
            model_name='auditentry',
            name='username',
            field=models.CharField(db_default='', max_length=400),
        ),
        migrations.AddField(
            model_name='auditentry',
            name='workspace_slug',
            field=models.CharField(db_default='', max_length=60),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='detail',
            field=models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='user',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='workspace',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='workspaces.workspace'),
        ),
        migrations.RunSQL(NAMED, UNNAMED),
    ]
