"""An entry of the audit log keeps the names of its workspace and user, which it outlives, and says where an act came from."""

import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


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
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['created_at'], name='audit_ages'),
        ),
    ]
