"""Django's default manager of what has a tenant refuses to read where nobody said whose rows; the database stays as it is."""

from django.db import migrations, models

NAMES = ("task",)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0002_pull_requests")]
    operations = [migrations.AlterModelManagers(name, [("any_named", models.Manager())]) for name in NAMES]
