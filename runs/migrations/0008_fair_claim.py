from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0007_sayings'),
    ]

    operations = [
        migrations.AddField(
            model_name='taskrun',
            name='claimed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='taskrun',
            name='worker_deaths',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='taskrun',
            name='died_at',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddIndex(
            model_name='taskrun',
            index=models.Index(fields=['workspace', '-claimed_at'], name='run_served'),
        ),
        migrations.AddIndex(
            model_name='taskrun',
            index=models.Index(condition=models.Q(('status__in', ['approved', 'delivering', 'executing', 'planning', 'queued'])), fields=['workspace', 'created_at'], name='run_waiting'),
        ),
    ]
