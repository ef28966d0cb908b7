"""Django's default manager of what has a tenant refuses to read where nobody said whose rows; the database stays as it is."""

from django.db import migrations, models

NAMES = (
    "apitoken",
    "auditentry",
    "budget",
    "event",
    "idempotencyrecord",
    "invitation",
    "ledgerentry",
    "meter",
    "modelconnection",
    "relaycursor",
    "storedbytes",
    "wsticket",
)


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0015_audit_is_append_only")]
    operations = [migrations.AlterModelManagers(name, [("any_named", models.Manager())]) for name in NAMES]
