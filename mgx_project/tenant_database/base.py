"""Django's PostgreSQL backend, whose statements say whose rows they may see (`tenant_wall`).

Role and tenants are set by `SET LOCAL`, in front of the first statement of each transaction and wherever they change within it:
in the same message, so without a round trip more. They end with the transaction, as a pool that hands out the connection for
each transaction (PgBouncer) demands. A statement outside of a transaction makes one of its own with them: PostgreSQL treats the
statements of one simple query so (protocol, "Multiple Statements in a Simple Query").
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus
from psycopg.sql import SQL, Composable

from mgx_project.common import tenant_wall


class WalledCursor(base.Cursor):  # type: ignore[misc]
    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """As psycopg's. The view that was set is kept with the connection."""
        connection: Any = self.connection
        status, view = connection.pgconn.transaction_status, tenant_wall.current()
        if status != TransactionStatus.INTRANS:
            connection.view = None
        if status == TransactionStatus.INERROR or view == getattr(connection, "view", None):
            return super().execute(query, params, **options)
        connection.view = None
        prefix = view.sql if view else RESET
        super().execute(SQL(prefix) + query if isinstance(query, Composable) else prefix + query, params, **options)
        while self.nextset():
            pass
        connection.view = view
        return self


RESET = f"SET LOCAL ROLE NONE; SET LOCAL {tenant_wall.SETTING} = '{{}}'; "
"""Back to the role that signed in, within a transaction that had another."""
UNKNOWN = tenant_wall.View("unknown")


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        return super().get_connection_params() | {"cursor_factory": WalledCursor}

    def _savepoint_rollback(self, sid: str) -> None:
        """What was set since the savepoint is undone with it."""
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self.connection.view = UNKNOWN
