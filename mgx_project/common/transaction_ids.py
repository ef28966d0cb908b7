"""Ids of transactions (PostgreSQL's ``xid8``), by which the server says what became of a commit whose answer was lost.

A statement that is sent anyway brings the id of its transaction along (`CURRENT`) and notes it, so that asking for it costs
nothing.
"""

from __future__ import annotations

from contextvars import ContextVar

from django.db import connection
from psycopg.pq import TransactionStatus

CURRENT = "pg_current_xact_id()::text"
"""A column for a statement that writes or locks rows: such a transaction has an id already, or gets one now."""
_STATUS = "SELECT pg_xact_status(%s::text::xid8)"
_END_IDLE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_xid = %s::text::xid8::xid AND state LIKE 'idle in transaction%%' AND usename = current_user
"""
_noted: ContextVar[str | None] = ContextVar("noted transaction id", default=None)


def forget() -> None:
    """Before a transaction begins."""
    _noted.set(None)


def note(xid: str) -> None:
    """The value of CURRENT in the present transaction."""
    _noted.set(xid)


def present() -> str | None:
    """The id of the present transaction, None if it has written nothing. Asks for it where no statement noted it."""
    if connection.connection.info.transaction_status is TransactionStatus.IDLE:
        return None  # there was no statement, so none begins it either
    if (xid := _noted.get()) is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id_if_assigned()::text")
            (xid,) = cursor.fetchone()
    return xid


def status(xid: str) -> str | None:
    """``committed``, ``aborted``, or ``in progress``; None for one that is so old that the server has forgotten it. Raises
    DataError for one that it never had."""
    with connection.cursor() as cursor:
        cursor.execute(_STATUS, [xid])
        (found,) = cursor.fetchone()
    return found if found is None else str(found)


def end_idle(xid: str) -> None:
    """Ends the session of a transaction that waits for its client, who is gone: the server may notice that much later."""
    with connection.cursor() as cursor:
        cursor.execute(_END_IDLE, [xid])
