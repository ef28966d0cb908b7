"""Bounds for this role's sessions in this database, by the server itself, so that they hold behind PgBouncer too."""

from typing import Any

from django.db import migrations

BOUNDS = {
    # A worker or web process that was frozen in a transaction holds its locks no longer.
    "idle_in_transaction_session_timeout": "60s",
    # What waits for a lock gives up: a request answers 503, a worker does the step again.
    "lock_timeout": "10s",
    # A client whose machine or network is gone is noticed: the system's own defaults are about two hours.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "60000",
}


def set_bounds(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        database = schema_editor.quote_name(cursor.fetchone()[0])
        for name, value in BOUNDS.items():
            cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {database} SET {name} = '{value}'")


def reset_bounds(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        database = schema_editor.quote_name(cursor.fetchone()[0])
        for name in BOUNDS:
            cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {database} RESET {name}")


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0006_sign_in_counts")]
    operations = [migrations.RunPython(set_bounds, reset_bounds)]
