from django.db import migrations, models
from django.db.models.functions import Now


def look_at_all(apps, schema_editor):
    """Links that were made before there were looks by ourselves get their first one."""
    links = apps.get_model("repositories", "RepositoryLink")
    links._base_manager.filter(refresh_due_at=None).exclude(status="disconnected").update(refresh_due_at=Now())
    # "nothing new" would never tell the id of a repository that was last seen before ids were kept
    links._base_manager.exclude(etag="").update(etag="")


class Migration(migrations.Migration):

    dependencies = [
        ('repositories', '0003_looks'),
    ]

    operations = [
        migrations.AddField(
            model_name='repositorylink',
            name='failed_looks',
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='repositorylink',
            name='host_id',
            field=models.CharField(blank=True, editable=False, max_length=100),
        ),
        migrations.AddField(
            model_name='repositorylink',
            name='refresh_asked_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='repositorylink',
            name='seen_branch',
            field=models.CharField(blank=True, editable=False, max_length=200),
        ),
        migrations.RunPython(look_at_all, migrations.RunPython.noop, elidable=True),
    ]
