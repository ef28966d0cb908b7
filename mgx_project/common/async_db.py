"""Database calls from async code: on threads of their own, never on asgiref's global thread-sensitive executor.

That executor is one thread for the whole process: one slow query there stalls every socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from django.db import Error, InterfaceError, OperationalError, close_old_connections, connection

P = ParamSpec("P")
T = TypeVar("T")

_POOL = ThreadPoolExecutor(max_workers=8, thread_name_prefix="db")


async def run_db(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs ``func`` on a database thread and hands its connection back to the pool afterwards."""

    def call() -> T:
        close_old_connections()
        try:
            return func(*args, **kwargs)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_POOL, copy_context().run, call)


def let_go() -> None:
    """Gives this thread's connection back to the pool before a wait for somebody else's server; the next query takes one again.

    Who waits with a connection in hand takes it from everybody: the pool of a process has some sixteen. Within a transaction it
    is kept.
    """
    if not connection.in_atomic_block:
        connection.close()


_PASSING = ("08", "40", "53", "57", "25P03", "55P03")
"""Classes of SQLSTATE (PostgreSQL, appendix A): connection, deadlock or serialization, resources, a stop by an operator; and a
transaction that stood idle for too long, a lock that was not free in time."""


def is_away(error: Error) -> bool:
    """Whether the database could not be reached, or could not do just now what it was asked: the same may work later."""
    state = getattr(error.__cause__, "sqlstate", None)
    if state is None:
        return isinstance(error, (OperationalError, InterfaceError))
    return str(state).startswith(_PASSING)


def lost_connection(error: Error) -> bool:
    """Whether the connection ended before the answer came, so that a commit may have been made or not."""
    state = getattr(error.__cause__, "sqlstate", None)
    return isinstance(error, (OperationalError, InterfaceError)) if state is None else str(state).startswith(("08", "57P"))
