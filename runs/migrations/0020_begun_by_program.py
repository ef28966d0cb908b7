from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0019_ages")]

    operations = [migrations.AddField("taskrun", "begun_by_program", models.BooleanField(db_default=False, default=False))]
