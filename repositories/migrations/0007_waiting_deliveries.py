from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repositories", "0006_provider_choices")]

    operations = [
        migrations.AddField("webhookdelivery", "waits_for", models.UUIDField(editable=False, null=True)),
        migrations.AddIndex(
            "webhookdelivery",
            models.Index(
                fields=["waits_for"],
                condition=models.Q(processed_at=None, waits_for__isnull=False),
                name="webhook_delivery_waits_for",
            ),
        ),
    ]
