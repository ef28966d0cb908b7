"""A process frozen in a transaction holds its locks: others work on, requests are told to come again, and it loses them."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import InternalError, OperationalError, connection, transaction
from django.utils import timezone

from agent.ports import CallEstimate
from mgx_project.common import server_lock
from mgx_project.common.async_db import is_away
from runs import commits
from runs.commits import until_committed
from runs.events import event_log
from runs.lifecycle import fair_claim, worker_transitions
from runs.models import TaskRun
from runs.worker.event_buffer import EventBuffer
from runs.worker.llm_budget import LedgerBudget
from tests.conftest import CallerInTests
from tests.factories import TaskFactory
from workspaces.models import Event, LedgerEntry, Workspace

from ..support.patience import SOON, wait_for
from ..support.session_bounds import session_bounds
from .conftest import Tenant, make_tenant
from .test_durability import expire
from .test_worker_deaths import begun


def connect() -> psycopg.Connection[Any]:
    parameters = connection.get_connection_params()
    wanted = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname")}
    return psycopg.connect(**wanted)


@contextmanager
def frozen(table: str, pk: object) -> Iterator[None]:
    """Somebody holds this row's lock and does nothing."""
    with connect() as holder:
        holder.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE", [pk])
        yield
        holder.rollback()


@pytest.fixture
def impatient() -> Iterator[None]:
    """This thread's connection waits for no lock, as every connection does after the migration's ten seconds."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")


@pytest.mark.parametrize("cancelled", [False, True])
def test_who_claims_waits_for_nobody(tenant: Tenant, impatient: None, cancelled: bool) -> None:
    """The first run in turn was its; telling that it is taken over needs the workspace, which is locked."""
    lost, other = begun(tenant), make_tenant("other")
    expire(lost)
    if cancelled:
        TaskRun.across_tenants.filter(pk=lost.pk).update(cancel_requested_at=timezone.now())
    theirs = other.run()
    with frozen("workspaces", tenant.workspace.pk):
        claimed = worker_transitions.claim_next()
        assert claimed is not None and claimed.pk == theirs.pk
        assert worker_transitions.claim_next() is None
    again = worker_transitions.claim_next()
    assert (again and again.pk) == (None if cancelled else lost.pk)


@pytest.mark.django_db(transaction=True)
def test_what_was_paid_is_recorded_when_the_lock_is_free(tenant: Tenant, impatient: None) -> None:
    run, tries = begun(tenant), []
    with connect() as holder:
        holder.execute("SELECT 1 FROM workspaces WHERE id = %s FOR UPDATE", [tenant.workspace.pk])

        def record() -> None:
            tries.append(1)
            if len(tries) == 3:
                holder.rollback()
            event_log.record(run, "steered", {"message": "paid", "by": "ada"}, "It was paid.", fence=run.fence)

        until_committed(record)
    assert len(tries) == 3
    assert Event.objects.for_workspace(tenant.workspace.pk).filter(run_id=run.pk, message="It was paid.").count() == 1


def wait_for_the_end(session: psycopg.Connection[Any], *, told: bool) -> None:
    """Until the server has ended it. Not ``told``: why is lost on the way, as where its reset overtakes its message."""
    poll = select.poll()
    poll.register(session.fileno(), select.POLLRDHUP)
    assert poll.poll(SOON * 1000), "the session did not end"
    if not told:
        with socket.socket(fileno=os.dup(session.fileno())) as copy:
            while copy.recv(4096):
                pass


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("then", ["commits", "goes on"])
@pytest.mark.parametrize("told", [True, False])
def test_who_stood_still_with_locks_in_hand_does_it_again(tenant: Tenant, told: bool, then: str) -> None:
    tries = []

    def record() -> None:
        tries.append(1)
        Workspace.objects.filter(pk=tenant.workspace.pk).update(name=f"Try {len(tries)}")
        if len(tries) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '1ms'")
            wait_for_the_end(connection.connection, told=told)
        if then == "goes on":
            assert Workspace.objects.filter(pk=tenant.workspace.pk).exists()

    until_committed(record)
    assert Workspace.objects.get(pk=tenant.workspace.pk).name == "Try 2"


@pytest.mark.django_db(transaction=True)
def test_who_is_rolled_back_to_end_a_deadlock_does_it_again(tenant: Tenant) -> None:
    """The server chooses one of the two by chance, so the error is raised here, in the server."""
    tries = []

    def record() -> None:
        tries.append(1)
        Workspace.objects.filter(pk=tenant.workspace.pk).update(name=f"Try {len(tries)}")
        if len(tries) == 1:
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE deadlock_detected; END $$")

    until_committed(record)
    assert Workspace.objects.get(pk=tenant.workspace.pk).name == "Try 2"


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_stays_ends_the_waiting(tenant: Tenant, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "LONGEST_SECONDS", 0.2)
    with frozen("workspaces", tenant.workspace.pk), pytest.raises(OperationalError, match="lock timeout"):
        until_committed(Workspace.objects.select_for_update().get, pk=tenant.workspace.pk)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["workspaces", "tasks"])
def test_a_request_is_told_to_come_again(owner: CallerInTests, impatient: None, table: str) -> None:
    task = TaskFactory(workspace=owner.workspace)
    with frozen(table, owner.workspace.pk if table == "workspaces" else task.pk):
        answer = owner.api.post("/api/runs", {"task_id": str(task.pk)})
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert answer.json()["code"] == "unavailable"
    assert not TaskRun.objects.for_workspace(owner.workspace.pk).exists()
    assert owner.api.post("/api/runs", {"task_id": str(task.pk)}).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_the_server_bounds_every_session_of_the_role() -> None:
    with session_bounds(), connect() as session:
        assert session.execute("SHOW lock_timeout").fetchone() == ("10s",)
        assert session.execute("SHOW statement_timeout").fetchone() == ("2min",)
        assert session.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("15s",)
    with connect() as session:
        assert session.execute("SHOW lock_timeout").fetchone() == ("0",)


def stands_still(taken: threading.Event, thawed: threading.Event, lost: list[InternalError]) -> None:
    """Takes a lock that every claim waits for, and answers nobody before ``thawed``."""
    try:
        with transaction.atomic():
            fair_claim.take_turn()
            taken.set()
            thawed.wait(SOON)
    except InternalError as error:
        lost.append(error)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_who_is_frozen_in_a_claim_stops_the_others_for_a_moment(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_lock, "IDLE_SECONDS", 1)
    theirs = tenant.run()
    taken, thawed, lost = threading.Event(), threading.Event(), list[InternalError]()
    frozen = threading.Thread(target=stands_still, args=(taken, thawed, lost))
    frozen.start()
    try:
        assert taken.wait(SOON)
        claimed = worker_transitions.claim_next()  # for ever, if nothing ended the other's session
    finally:
        thawed.set()
        frozen.join()
    assert claimed is not None and claimed.pk == theirs.pk
    assert [is_away(error) for error in lost] == [True]
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("0",)  # it was for the claim's transaction only


@pytest.mark.django_db(transaction=True)
def test_claims_wait_for_those_of_the_version_before(tenant: Tenant, impatient: None) -> None:
    """Old and new workers run together during an upgrade: who chooses at once sees the same free capacity."""
    tenant.run()
    with connect() as old:
        old.execute("SELECT pg_advisory_xact_lock(hashtext('mgx.claim'))")
        with pytest.raises(OperationalError, match="lock timeout"):
            worker_transitions.claim_next()
        old.rollback()
    assert worker_transitions.claim_next() is not None


def locks_waited_for() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()"
        )
        (number,) = cursor.fetchone()
    return int(number)


@pytest.mark.django_db(transaction=True)
def test_a_reservation_that_waits_for_its_run_keeps_nobody_from_the_servers_budget(
    tenant: Tenant, impatient: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MGX_SERVER_MONTHLY_TOKENS = 1_000_000
    monkeypatch.setattr(commits, "LONGEST_SECONDS", 0.2)
    mine, theirs = begun(tenant), begun(make_tenant("other"))
    wanted = CallEstimate(700, 3_000, role="engineer", model="m")

    def reserve(run: TaskRun) -> None:
        LedgerBudget(run, EventBuffer(run, run.fence), asyncio.to_thread, on_server=True)._reserve("k", wanted, wanted, None)

    def reserve_and_go() -> None:
        try:
            reserve(mine)
        finally:
            connection.close()

    waiting = threading.Thread(target=reserve_and_go)
    with connect() as holder:
        holder.execute("SELECT 1 FROM task_runs WHERE id = %s FOR NO KEY UPDATE", [mine.pk])
        waiting.start()
        try:
            wait_for(locks_waited_for)
            reserve(theirs)
        finally:
            holder.rollback()
            waiting.join()
    assert LedgerEntry.across_tenants.filter(run_id__in=[mine.pk, theirs.pk]).count() == 2
