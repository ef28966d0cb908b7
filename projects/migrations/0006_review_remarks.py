from __future__ import annotations

from django.db import migrations, models

CHOICES = [("asked", "Asked"), ("always", "Always"), ("commands", "Commands")]


class Migration(migrations.Migration):
    dependencies = [("projects", "0005_always_ask")]

    operations = [
        migrations.AddField(
            "project",
            "review_remarks",
            models.CharField(choices=CHOICES, db_default="asked", default="asked", max_length=20),
        )
    ]
