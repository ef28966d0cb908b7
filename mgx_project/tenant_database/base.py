"""Django's PostgreSQL backend, whose statements say whose rows they may see (`tenant_wall`).

Role and tenants are set by `SET LOCAL`, in front of the first statement of each transaction and wherever they change within it:
in the same message, so without a round trip more. They end with the transaction, as a pool that hands out the connection for
each transaction (PgBouncer) demands. A statement outside of a transaction makes one of its own with them: PostgreSQL treats the
statements of one simple query so (protocol, "Multiple Statements in a Simple Query").
"""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import NotSupportedError
from django.db.backends.postgresql import base
from psycopg import ClientCursor
from psycopg.pq import TransactionStatus

from mgx_project.common import tenant_wall
from mgx_project.common.tenant_wall import AS_SIGNED_IN

UNKNOWN = tenant_wall.VisibleRows("unknown")


class WalledCursor(base.Cursor, ClientCursor[Any]):
    _ahead: tenant_wall.VisibleRows | None = None
    """What the statement that is being executed has to set first."""
    _skipped = 0
    """Results of the present message that are not the statement's own."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """As psycopg's. The view that was set is kept with the connection."""
        connection: Any = self.connection
        status, view = connection.pgconn.transaction_status, tenant_wall.current() or AS_SIGNED_IN
        if status != TransactionStatus.INTRANS:
            connection.view = AS_SIGNED_IN
        if status == TransactionStatus.INERROR or view == getattr(connection, "view", AS_SIGNED_IN):
            return super().execute(query, params, **options)
        connection.view, self._ahead = UNKNOWN, view
        try:
            super().execute(query, params, **options)
            if self._ahead is not None:
                raise NotSupportedError("This version of psycopg sends statements in a way that does not carry the tenant.")
        finally:
            self._ahead, self._skipped = None, 0
        connection.view = view
        return self

    def _execute_send(self, query: Any, **options: Any) -> None:
        """psycopg's, for a statement whose parameters are in its text, which is kept without what is put in front."""
        if self._ahead is None:
            super()._execute_send(query, **options)
        else:
            view, self._ahead, self._query = self._ahead, None, query
            self._skipped = len(view.statements)
            self._pgconn.send_query(view.sql + query.query)

    def _set_results(self, results: list[Any]) -> None:
        super()._set_results(results[self._skipped :])

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> NoReturn:
        raise _refused("executemany()")

    def stream(self, *args: Any, **options: Any) -> NoReturn:
        raise _refused("stream()")

    def copy(self, *args: Any, **options: Any) -> NoReturn:
        raise _refused("copy()")


class DatabaseWrapper(base.DatabaseWrapper):
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


def _refused(what: str) -> NotSupportedError:
    """These go by the extended protocol or take the whole message, so that no view can be set in front of them."""
    return NotSupportedError(f"{what} would not say whose rows it may see. Use execute(), or a connection of psycopg itself.")
