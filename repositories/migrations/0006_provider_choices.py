"""A link's providers are those of the registry: no columns change, and a new provider needs no migration."""

from __future__ import annotations

from django.db import migrations, models

import repositories.hosting.registry


class Migration(migrations.Migration):
    dependencies = [("repositories", "0005_failed_validations")]

    operations = [
        migrations.AlterField(
            model_name="repositorylink",
            name="provider",
            field=models.CharField(choices=repositories.hosting.registry.provider_choices, default="git", max_length=20),
        ),
    ]
