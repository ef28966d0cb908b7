"""Whose rows the database shows to the statements that follow: the second wall beside each query's own filter.

A statement is sent with the role and the tenants that hold in its context (`contextvars`: a thread or task begun later takes
them along only where its context is copied). Policies of the tables (`row_policies.py`) let the role TENANT see the rows of
these tenants alone, and OPERATOR all. What a process does before it names either is done as the role that signed in.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property

TENANT, OPERATOR = "mgx_tenant", "mgx_operator"
"""The roles of the database server; its databases share them, and the policies of each say what they see there."""
SETTING = "mgx.workspaces"
"""PostgreSQL's setting with the tenants, as the text of an array of uuid."""


@dataclass(frozen=True)
class VisibleRows:
    role: str
    workspaces: str = "{}"
    """The text of a PostgreSQL array: made here, of UUIDs alone. Only TENANT's policies read it."""

    @cached_property
    def statements(self) -> tuple[bytes, ...]:
        """Set it for the transaction."""
        role = f"SET LOCAL ROLE {self.role};".encode()
        return (role, f"SET LOCAL {SETTING} = '{self.workspaces}';".encode()) if self.role == TENANT else (role,)

    @cached_property
    def sql(self) -> bytes:
        return b"".join(self.statements)


ALL = VisibleRows(OPERATOR)
NOTHING = VisibleRows(TENANT)
AS_SIGNED_IN = VisibleRows("NONE")
"""What PostgreSQL has from the start of each transaction: all rows, and the rights of the owner."""
_view: ContextVar[VisibleRows | None] = ContextVar("tenant_wall", default=None)
_by_default: list[VisibleRows | None] = [None]


def current() -> VisibleRows | None:
    """None: as who signed in at the database."""
    return _view.get() or _by_default[0]


def is_named() -> bool:
    """Whether the context itself says whose rows it may see, rather than the process for all that say nothing."""
    return _view.get() not in (None, NOTHING)


def close() -> None:
    """For the whole process, from here on: a context that does not say whose rows are meant sees NOTHING."""
    _by_default[0] = NOTHING


def _tenants(workspace_ids: tuple[uuid.UUID | str, ...]) -> VisibleRows:
    named = (one if isinstance(one, uuid.UUID) else uuid.UUID(one) for one in workspace_ids)
    return VisibleRows(TENANT, "{" + ",".join(sorted(map(str, named))) + "}")


def enter(*workspace_ids: uuid.UUID | str) -> None:
    """From here to the end of the context: only these tenants. Raises ValueError for what is not an id."""
    _view.set(_tenants(workspace_ids))


def enter_all() -> None:
    """From here to the end of the context: all rows. For what an operator of the server asks."""
    _view.set(ALL)


@contextmanager
def within(*workspace_ids: uuid.UUID | str) -> Iterator[None]:
    """Only these tenants; none, without any. Raises ValueError for what is not an id."""
    with _seeing(_tenants(workspace_ids)):
        yield


@contextmanager
def across_tenants() -> Iterator[None]:
    """All rows: for what belongs to the server (the queue, deliveries without a tenant yet, sign-ins, operators' pages). Usable
    as a decorator."""
    with _seeing(ALL):
        yield


@contextmanager
def as_signed_in() -> Iterator[None]:
    """With the rights of the role that signed in: for what only it may do, such as ending a session of its own."""
    with _seeing(AS_SIGNED_IN):
        yield


@contextmanager
def _seeing(view: VisibleRows) -> Iterator[None]:
    token = _view.set(view)
    try:
        yield
    finally:
        _view.reset(token)
