"""Locks that all tenants of a server wait for: whoever stands still with one in hand loses it soon."""

from __future__ import annotations

from django.db import connection

IDLE_SECONDS = 4
"""How long the holder may send nothing, in seconds. A process that is frozen or cut off can't give the lock back, so PostgreSQL
ends its session (idle_in_transaction_session_timeout); else all tenants would wait as long as it may keep a row's lock."""
_TAKE = """
SELECT set_config('idle_in_transaction_session_timeout', %s, true), pg_advisory_xact_lock(hashtextextended(%s, 0))
"""


def take_server_lock(name: str) -> None:
    """Waits for the lock ``name`` and holds it until the present transaction ends; its statements must follow one another."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [f"{IDLE_SECONDS}s", name])
