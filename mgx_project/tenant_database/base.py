"""Django's PostgreSQL backend, whose statements say whose rows they may see (`tenant_wall`).

Role and tenants are set by `SET LOCAL`, in front of the first statement of each transaction and wherever they change within it:
in the same message, so without a round trip more. They end with the transaction, as a pool that hands out the connection for
each transaction (PgBouncer) demands. A statement outside of a transaction makes one of its own with them: PostgreSQL treats the
statements of one simple query so (protocol, "Multiple Statements in a Simple Query").
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from django.db import NotSupportedError
from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations as PostgresOperations
from psycopg import ClientCursor
from psycopg.pq import TransactionStatus
from psycopg.sql import SQL, Composable

from mgx_project.common import tenant_wall
from mgx_project.common.tenant_wall import AS_SIGNED_IN

UNKNOWN = tenant_wall.View("unknown")


class WalledCursor(base.Cursor, ClientCursor[Any]):
    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """As psycopg's. The view that was set is kept with the connection."""
        connection: Any = self.connection
        status, view = connection.pgconn.transaction_status, tenant_wall.current() or AS_SIGNED_IN
        if status != TransactionStatus.INTRANS:
            connection.view = AS_SIGNED_IN
        if status == TransactionStatus.INERROR or view == getattr(connection, "view", AS_SIGNED_IN):
            return super().execute(query, params, **options)
        connection.view = UNKNOWN
        super().execute(_with(view, query), params, **options)
        while self.nextset():
            pass
        connection.view = view
        return self

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> NoReturn:
        raise _refused("executemany()")

    def stream(self, *args: Any, **options: Any) -> NoReturn:
        raise _refused("stream()")

    def copy(self, *args: Any, **options: Any) -> NoReturn:
        raise _refused("copy()")


class DatabaseOperations(PostgresOperations):
    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> Any:
        """As it was asked, without what was set in front: for logs and tests of what is asked."""
        sent = super().last_executed_query(cursor, sql, params)
        return _SET.sub("", sent, count=1) if isinstance(sent, str) else sent


_SET = re.compile(rf"\ASET LOCAL ROLE \w+; SET LOCAL {re.escape(tenant_wall.SETTING)} = '{{[^}}]*}}'; ")


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def get_connection_params(self) -> dict[str, Any]:
        return super().get_connection_params() | {"cursor_factory": WalledCursor}

    def create_cursor(self, name: str | None = None) -> Any:
        if name:
            raise _refused("a cursor of the server")
        return super().create_cursor()

    def _savepoint_rollback(self, sid: str) -> None:
        """What was set since the savepoint is undone with it."""
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self.connection.view = UNKNOWN


def _with(view: tenant_wall.View, query: Any) -> Any:
    if isinstance(query, Composable):
        return SQL(view.sql) + query
    return view.sql.encode() + query if isinstance(query, bytes) else view.sql + query


def _refused(what: str) -> NotSupportedError:
    """These go by the extended protocol or take the whole message, so that no view can be set in front of them."""
    return NotSupportedError(f"{what} would not say whose rows it may see. Use execute(), or a connection of psycopg itself.")
