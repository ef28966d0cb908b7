"""Django's default manager of what has a tenant refuses to read where nobody said whose rows; the database stays as it is."""

from django.db import migrations, models

NAMES = ("metricsnapshot",)


class Migration(migrations.Migration):
    dependencies = [("metrics", "0001_initial")]
    operations = [migrations.AlterModelManagers(name, [("any_named", models.Manager())]) for name in NAMES]
