"""Files of workspaces that were deleted while the artifact store was away."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("runs", "0025_default_managers")]

    operations = [
        migrations.CreateModel(
            "FileToRemove",
            [
                ("path", models.CharField(max_length=400, primary_key=True, serialize=False)),
                ("since", models.DateTimeField(db_default=Now())),
            ],
            options={"db_table": "files_to_remove", "verbose_name_plural": "files to remove"},
        ),
    ]
