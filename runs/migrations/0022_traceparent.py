"""Where a run's spans belong: a worker goes on in the trace of the request that made the run. Older processes leave it empty."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0021_lacks_store")]
    operations = [
        migrations.AddField("taskrun", "traceparent", models.CharField(blank=True, db_default="", editable=False, max_length=55)),
    ]
