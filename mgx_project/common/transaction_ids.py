"""Ids of transactions, by which the server says what became of a commit whose answer was lost.

A statement that is sent anyway brings the id of its transaction along (`CURRENT`) and notes it, so that asking for it costs
nothing. PostgreSQL's own (``xid8``) is not enough: a server that crashes, or one that takes its place, lacks the last
transactions and gives their ids to others. So an id names the server's time as well, and is unknown in another one.
"""

from __future__ import annotations

from contextvars import ContextVar

from django.db import connection
from psycopg.pq import TransactionStatus

from mgx_project.common import tenant_wall

_SERVER = "coalesce(extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time())::text, '')"
"""Each server has its own value, and another one after a crash, which loses statistics, but not after a restart."""
CURRENT = f"pg_current_xact_id()::text || '/' || {_SERVER}"
"""A column for a statement that writes or locks rows: such a transaction has an id already, or gets one now."""
_IF_WRITTEN = f"SELECT CASE WHEN pg_current_xact_id_if_assigned() IS NOT NULL THEN {CURRENT} END"
_STATUS = f"SELECT CASE WHEN {_SERVER} = %(server)s THEN pg_xact_status(%(number)s::text::xid8) END"
_END_IDLE = f"""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_xid = %(number)s::text::xid8::xid AND state LIKE 'idle in transaction%%' AND usename = current_user
  AND {_SERVER} = %(server)s
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
        return None  # it has no statement yet, and asking would be its first
    if (xid := _noted.get()) is None:
        with connection.cursor() as cursor:
            cursor.execute(_IF_WRITTEN)
            (xid,) = cursor.fetchone()
    return xid


def status(xid: str) -> str | None:
    """``committed``, ``aborted``, or ``in progress``; None where the server has forgotten it: it is old, another server's, or
    from before a crash. Raises DataError for one that the server never gave."""
    with connection.cursor() as cursor:
        cursor.execute(_STATUS, _parts(xid))
        (found,) = cursor.fetchone()
    return found if found is None else str(found)


def end_idle(xid: str) -> None:
    """Ends the session of a transaction that waits for its client, who is gone: the server may notice that much later."""
    with tenant_wall.as_signed_in(), connection.cursor() as cursor:  # others' sessions are none of a tenant's
        cursor.execute(_END_IDLE, _parts(xid))


def _parts(xid: str) -> dict[str, str]:
    number, _, server = xid.partition("/")
    return {"number": number, "server": server}
