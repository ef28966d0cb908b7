from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0006_review_remarks")]

    operations = [
        migrations.AddField(
            "project",
            "program_runs",
            models.PositiveSmallIntegerField(db_default=3, default=3, validators=[MaxValueValidator(100)]),
        )
    ]
