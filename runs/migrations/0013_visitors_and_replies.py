from __future__ import annotations

from django.db import migrations, models

FORMS = [("comment", "Comment"), ("reaction", "Reaction"), ("status", "Status"), ("reply", "Reply")]


class Migration(migrations.Migration):
    dependencies = [("runs", "0012_message")]

    operations = [
        migrations.AddField("outgoingcomment", "comment_id", models.BigIntegerField(null=True)),
        migrations.AddField("outgoingcomment", "thread", models.BigIntegerField(null=True)),
        migrations.AddField("taskrun", "account", models.CharField(blank=True, db_default="", editable=False, max_length=150)),
        migrations.AlterField(
            "outgoingcomment", "form", models.CharField(choices=FORMS, default="comment", max_length=20)
        ),
    ]
