"""Django's default manager of what has a tenant refuses to read where nobody said whose rows; the database stays as it is."""

from django.db import migrations, models

NAMES = ("repositorylink", "webhookdelivery")


class Migration(migrations.Migration):
    dependencies = [("repositories", "0007_waiting_deliveries")]
    operations = [migrations.AlterModelManagers(name, [("any_named", models.Manager())]) for name in NAMES]
