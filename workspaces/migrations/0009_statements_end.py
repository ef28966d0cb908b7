"""A statement of this role ends by the server's own clock, also one whose client is frozen; as 0007 bounds what waits.

Migrations take as long as they take: `workspaces.receivers` lifts the bound while they run. So does pg_dump for itself.
"""

from typing import Any

from django.db import migrations

LONGEST = "120s"


def _alter(schema_editor: Any, change: str) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        database = schema_editor.connection.ops.quote_name(cursor.fetchone()[0])
        cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {database} {change}")


def set_bound(apps: Any, schema_editor: Any) -> None:
    _alter(schema_editor, f"SET statement_timeout = '{LONGEST}'")


def reset_bound(apps: Any, schema_editor: Any) -> None:
    _alter(schema_editor, "RESET statement_timeout")


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0008_likely_calls")]
    operations = [migrations.RunPython(set_bound, reset_bound)]
