from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("repositories", "0004_identity_and_looks")]

    operations = [migrations.RenameField("repositorylink", "failed_looks", "failed_validations")]
