from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0004_commands")]

    operations = [migrations.AddField("project", "always_ask", models.BooleanField(db_default=False, default=False))]
