from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0011_webhooks_and_comments")]

    operations = [migrations.AddField("taskrun", "message", models.JSONField(db_default={}, default=dict))]
