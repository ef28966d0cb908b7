"""Locks that all tenants of a server wait for: whoever stands still with one in hand loses it soon."""

from __future__ import annotations

from enum import StrEnum

from django.db import connection

IDLE_SECONDS = 4
"""How long the holder may send nothing, in seconds. A process that is frozen or cut off can't give the lock back, so PostgreSQL
ends its session (idle_in_transaction_session_timeout); else all tenants would wait as long as it may keep a row's lock."""
_TAKE = "SELECT set_config('idle_in_transaction_session_timeout', %s, true), pg_advisory_xact_lock({key})"


class ServerLock(StrEnum):
    """Their keys, as SQL. Processes of the version before take the same ones during an upgrade, so a key never changes."""

    CLAIM = "hashtext('mgx.claim')"
    BUDGET = "hashtextextended('mgx.server-budget', 0)"


def take_server_lock(lock: ServerLock) -> None:
    """Waits for the lock and holds it until the present transaction ends; its statements must follow one another."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(key=lock.value), [f"{IDLE_SECONDS}s"])
