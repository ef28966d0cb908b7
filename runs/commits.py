"""A worker's transactions that must not be lost to a lock or to their connection: what they record was paid for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django.db import Error, OperationalError, connection, transaction

from mgx_project.common import transaction_ids
from mgx_project.common.async_db import lost_connection

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_SECONDS = 75.0
"""For all that a thread has to commit in one outage. Longer than a frozen process keeps its locks
(`workspaces.migrations.0012_frozen_holders_end`), several times over, and than a restart of the database takes."""
STOPPING_SECONDS = 2.0
"""The same for a worker that is being stopped: its run goes on elsewhere."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds until the database is asked again after a lost connection."""
AGAIN_SECONDS = 5.0
"""The same when LONGEST_SECONDS are over: what ends a claim comes one after the other, and to connect may take long."""
ROLLED_BACK = ("55P03", "25P03", "40P01")
"""SQLSTATE (PostgreSQL, appendix A): a lock was not free in time; this process stood still with locks in hand and lost them;
two waited for each other, and the server chose this one to end that."""


def _never() -> bool:
    return False


stopping: Callable[[], bool] = _never
"""Whether this process is being stopped; who holds its runs sets it (`runs.worker.lease`)."""


class StaysAway(OperationalError):
    """The database has been away for LONGEST_SECONDS, and was not asked once more."""


class OutcomeUnknown(OperationalError):
    """The connection was lost during COMMIT, and the server can't say whether that was done."""


def until_committed(act: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Does ``act`` in one transaction, again where that was rolled back for its locks or with a lost connection. Whether a
    COMMIT without an answer was done, the server says by the transaction's id: if so, returns what ``act`` returned.

    ``act`` sets nothing in memory that it reads when it is done again; hooks behind the commit run once. Raises what ``act``
    raises otherwise, the database's error when LONGEST_SECONDS are over, StaysAway and OutcomeUnknown.
    """
    began, pause, alone = time.monotonic(), FIRST_PAUSE, not connection.in_atomic_block
    if alone:
        _outage.require_patience()
    while True:
        attempt = _Attempt()
        try:
            with transaction.atomic():
                transaction.on_commit(attempt.made, robust=True)
                result = act(*args, **kwargs)
                if alone:
                    attempt.commit_is_next()
            _outage.began = None
            return result
        except Error as error:
            if attempt.committed:
                raise  # by a hook
            cut = alone and lost_connection(error)
            if not cut and getattr(error.__cause__, "sqlstate", None) not in ROLLED_BACK:
                raise
            if cut:
                began = _outage.go_on(began)
                connection.close()
                if attempt.xid is not None and _is_committed(attempt.xid, began, error):
                    attempt.run_hooks()
                    return result
            if _is_over(began):
                raise
        if cut:
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


class _Outage(threading.local):
    """Of this thread's database, as far as commits have met it."""

    began: float | None = None
    failed = 0.0
    """When it was last asked in vain."""

    def require_patience(self) -> None:
        """Raises StaysAway where it was waited for long enough. An open connection is the end of an outage: a statement that is
        no business of this module had an answer."""
        session = connection.connection
        if session is not None and not session.closed:
            self.began = None
        if self.began is not None and _is_over(self.began) and time.monotonic() - self.failed < AGAIN_SECONDS:
            raise StaysAway("The database does not answer, and did not for too long.")

    def go_on(self, since: float) -> float:
        """When it began."""
        self.failed = time.monotonic()
        self.began = since if self.began is None else self.began
        return self.began


_outage = _Outage()


class _Attempt:
    def __init__(self) -> None:
        self.xid: str | None = None
        """Set when COMMIT may have been sent, of a transaction that wrote anything."""
        self.committed = False
        self._hooks: list[tuple[Callable[[], object], bool]] = []
        transaction_ids.forget()

    def commit_is_next(self) -> None:
        # Django forgets them with the connection
        hooks: list[Any] = list(connection.run_on_commit)
        self._hooks = [(hook, robust) for _, hook, robust in hooks]
        self.xid = transaction_ids.present()

    def made(self) -> None:
        self.committed = True

    def run_hooks(self) -> None:
        for hook, robust in self._hooks:
            transaction.on_commit(hook, robust=robust)  # outside of a transaction: at once


def _is_committed(xid: str, began: float, lost: Error) -> bool:
    while True:
        try:
            status = transaction_ids.status(xid)
            if status == "in progress":
                transaction_ids.end_idle(xid)
        except Error as error:
            connection.close()
            _outage.go_on(began)
            if not lost_connection(error):
                raise OutcomeUnknown(f"The server does not know the transaction {xid}: {error}") from lost
        else:
            if status is None:
                raise OutcomeUnknown(f"The server has forgotten the transaction {xid}.") from lost
            if status != "in progress":
                return status == "committed"
        if _is_over(began):
            raise OutcomeUnknown(f"The server did not say in time what became of the transaction {xid}.") from lost
        time.sleep(FIRST_PAUSE)


def _is_over(began: float) -> bool:
    return time.monotonic() - began >= (STOPPING_SECONDS if stopping() else LONGEST_SECONDS)
