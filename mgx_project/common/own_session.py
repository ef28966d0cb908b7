"""Whether connections have PostgreSQL's sessions for themselves. A pooler in transaction mode (PgBouncer) lends one for each
transaction: what a command sets of it would be lost for the command, and stay for whoever is lent it next."""

from __future__ import annotations

from typing import Any

import psycopg
from django.core.management.base import CommandError

ROUNDS = 10
"""How often two connections are compared: a busy pooler may lend them different sessions at first."""


def require_own_session(database: Any) -> None:
    """Raises CommandError where connections like ``database`` (Django's, of PostgreSQL) share sessions. Nothing is changed."""
    if shares_sessions(database.get_connection_params()):
        raise CommandError(
            "The database is reached through a connection pooler in transaction mode, which this command can't use: what it "
            "sets of its session would be lost, and reach other clients. Set DATABASE_DIRECT_URL to PostgreSQL itself, as in "
            "postgres://db.example.com:5432, and keep DATABASE_URL or DB_HOST for the pooler."
        )


def shares_sessions(parameters: dict[str, Any]) -> bool:
    """Whether two connections that are open at once are ever served by one session, or one by two."""
    ours = {"autocommit": True, "prepare_threshold": None}  # a prepared statement would be one session's
    options = {name: value for name, value in parameters.items() if name not in ("pool", "cursor_factory")} | ours
    with psycopg.connect(**options) as one, psycopg.connect(**options) as other:
        seen: dict[Any, set[int]] = {one: set(), other: set()}
        for _ in range(ROUNDS):
            for connection, processes in seen.items():
                processes.add(connection.execute("SELECT pg_backend_pid()").fetchone()[0])
        return bool(seen[one] & seen[other]) or any(len(processes) > 1 for processes in seen.values())
