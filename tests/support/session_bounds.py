"""What ends the waiting of sessions, as migrations set it for a server's database. Databases of tests are copies without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from django.db import connection

WAITS = import_module("workspaces.migrations.0007_waits_end")
STATEMENTS = import_module("workspaces.migrations.0009_statements_end")
FROZEN = import_module("workspaces.migrations.0012_frozen_holders_end")
IDLE_SECONDS = float(FROZEN.LONGEST.removesuffix("s"))


class _Editor:
    connection = connection
    quote_name = staticmethod(lambda name: connection.ops.quote_name(name))


@contextmanager
def session_bounds() -> Iterator[dict[str, Any]]:
    """For sessions of the present test's database that begin from now on; the names are those of PostgreSQL's settings."""
    WAITS.set_bounds(None, _Editor)
    STATEMENTS.set_bound(None, _Editor)
    FROZEN.set_bound(None, _Editor)
    try:
        yield {**WAITS.BOUNDS, "statement_timeout": STATEMENTS.LONGEST, FROZEN.NAME: FROZEN.LONGEST}
    finally:
        FROZEN.reset_bound(None, _Editor)
        STATEMENTS.reset_bound(None, _Editor)
        WAITS.reset_bounds(None, _Editor)
