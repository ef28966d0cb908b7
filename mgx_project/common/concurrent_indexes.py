"""Migrations that build indexes of tables that may be large, without a lock that keeps writers waiting.

Such a migration sets ``atomic = False``. One that was broken off can be run again: what it left is removed first."""

from __future__ import annotations

from django.db.migrations import RunSQL
from django.db.migrations.operations.base import Operation


def without_a_lock(**builds: Operation) -> list[Operation]:
    """Indexes by name. PostgreSQL waits until transactions that are open have ended, which may take longer than a lock may."""
    operations: list[Operation] = [RunSQL("SET lock_timeout = 0", RunSQL.noop)]
    for name, build in builds.items():
        operations += [RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", RunSQL.noop), build]
    return [*operations, RunSQL("RESET lock_timeout", RunSQL.noop)]


def brin(name: str, table: str) -> Operation:
    """A few pages, by the time at which a row was made."""
    return RunSQL(
        f"CREATE INDEX CONCURRENTLY {name} ON {table} USING brin (created_at)", f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    )
