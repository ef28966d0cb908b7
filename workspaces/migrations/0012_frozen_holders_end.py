"""Who is frozen in a transaction keeps its locks for 15 seconds, as long as a run is its by the default lease: it was a minute,
for which the run waited that another worker had already the right to."""

from typing import Any

from django.db import migrations

NAME = "idle_in_transaction_session_timeout"
LONGEST, BEFORE = "15s", "60s"


def _alter(schema_editor: Any, value: str) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        database = schema_editor.connection.ops.quote_name(cursor.fetchone()[0])
        cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {database} SET {NAME} = '{value}'")


def set_bound(apps: Any, schema_editor: Any) -> None:
    _alter(schema_editor, LONGEST)


def reset_bound(apps: Any, schema_editor: Any) -> None:
    _alter(schema_editor, BEFORE)


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0011_found_without_a_search")]
    operations = [migrations.RunPython(set_bound, reset_bound)]
