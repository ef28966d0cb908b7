"""Django's default manager of what has a tenant refuses to read where nobody said whose rows; the database stays as it is."""

from django.db import migrations, models

NAMES = ("approval", "artifact", "changeround", "outgoingcomment", "processedwebhook", "runstep", "steermessage", "taskrun")


class Migration(migrations.Migration):
    dependencies = [("runs", "0024_tenant_wall")]
    operations = [migrations.AlterModelManagers(name, [("any_named", models.Manager())]) for name in NAMES]
