"""A connection that ends before, in or behind a COMMIT loses nothing that was paid for, and nothing is written twice."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper

from agent.ports import CallEstimate, ModelCompletion
from mgx_project.common import transaction_ids
from mgx_project.embedded.services import Services
from runs import artifacts, services
from runs.commits import OutcomeUnknown, until_committed
from runs.errors import LeaseLost
from runs.lifecycle import worker_transitions
from runs.lifecycle.revisions import CONTINUE
from runs.models import Artifact, RunStep, TaskRun
from runs.models.run_state import Status
from runs.worker import time_budget
from runs.worker.event_buffer import EventBuffer
from runs.worker.journal import RunJournal, Steps
from runs.worker.lease import Lease
from runs.worker.llm_budget import LedgerBudget
from runs.worker.steering import RunSteering
from runs.worker.time_budget import WorkClock
from workspaces.event_log import Draft
from workspaces.models import Event, LedgerEntry, Meter, StoredBytes, Workspace

from ..support.cut_connections import CUTS, Cut, CutNetwork, cut_network
from ..support.drills import Draw, some_of
from ..support.patience import wait_for
from ..support.run_actors import work_on
from ..support.signals import send
from ..support.team_script import script
from .conftest import Tenant, types
from .test_durability import TOLD_ONCE
from .test_ends import CODE, edit
from .test_frozen_holder import wait_for_the_end
from .test_worker_deaths import begun

pytestmark = pytest.mark.django_db(transaction=True)
COMMITS = range(1, 10)
"""Of the run of these tests, those that its worker's connection can be cut in."""
STEERED = Draft("steered", {"message": "paid", "by": "ada"}, "It was paid.")
ESTIMATE = CallEstimate(700, 3_000, role="engineer", model="m")
ANSWER = ModelCompletion("", "m", 600, 50)


def said(run: TaskRun) -> int:
    return Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk, message=STEERED.message).count()


def meter(run: TaskRun) -> Meter:
    return Meter.objects.for_workspace(run.workspace_id).get(scope="run", scope_id=run.pk)


@pytest.mark.parametrize("cut", CUTS)
def test_an_event_is_written_once(tenant: Tenant, network: CutNetwork, cut: Cut) -> None:
    run = begun(tenant)
    buffer = EventBuffer(run, run.fence)
    buffer.add(STEERED)
    network.cut_next(cut)
    buffer.commit(buffer.write_waiting)
    assert network.left <= 0, "nothing was cut"
    assert (said(run), bool(buffer), buffer.cut_off) == (1, False, None)
    assert run.last_seq == TaskRun.across_tenants.get(pk=run.pk).last_seq


@pytest.mark.parametrize("cut", CUTS)
def test_a_transaction_whose_statements_bring_no_id_along_is_done_once(tenant: Tenant, network: CutNetwork, cut: Cut) -> None:
    """And its hooks run once, behind it."""
    told, tries = list[str](), list[int]()

    def write() -> str:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE workspaces SET name = name || '!' WHERE id = %s RETURNING name", [tenant.workspace.pk])
            (name,) = cursor.fetchone()
        transaction.on_commit(lambda: told.append(name))
        return str(name)

    network.cut_next(cut)
    found = until_committed(write)
    assert found == Workspace.objects.get(pk=tenant.workspace.pk).name == f"{tenant.workspace.name}!"
    assert told == [found]
    assert len(tries) == {"before": 2, "unnoticed": 2, "at once": len(tries), "after": 1}[cut]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_call_is_reserved_enlarged_and_settled_once(tenant: Tenant, network: CutNetwork, cut: Cut, nth: int) -> None:
    run = begun(tenant)
    calls = budget_of(run)
    network.cut_next(cut, nth)
    calls._reserve("k", ESTIMATE, ESTIMATE, None)
    entry, _ = calls._open["k"]
    assert meter(run).reserved_tokens == ESTIMATE.tokens
    larger = ESTIMATE.with_answer(9_000)
    calls._enlarge(entry, larger)
    assert meter(run).reserved_tokens == larger.tokens == entry.reserved_tokens
    until_committed(calls._settle, "k", ANSWER, entry)
    assert network.left <= 0, "nothing was cut"
    (row,) = LedgerEntry.objects.for_workspace(run.workspace_id).filter(run_id=run.pk)
    assert (row.tokens_in, row.tokens_out, row.attempt) == (600, 50, 1)
    counted = meter(run)
    assert (counted.calls, counted.tokens_in, counted.tokens_out, counted.reserved_tokens) == (1, 600, 50, 0)


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("nth", [1, 2])
def test_a_paid_step_is_recorded_with_what_it_cost(tenant: Tenant, network: CutNetwork, cut: Cut, nth: int) -> None:
    run = begun(tenant)
    calls = budget_of(run)
    journal = RunJournal(run, Lease(run), None, asyncio.to_thread, calls._buffer, Steps(run))
    step = journal._open(None, "k", "model", "digest")
    assert step is not None
    network.cut_next(cut, nth)
    calls._reserve("k", ESTIMATE, ESTIMATE, step)
    step.row.result = {"text": "paid"}
    step.settle = partial(calls._settle, "k", ANSWER, calls._open.pop("k")[0])
    journal._record(step, STEERED)
    assert network.left <= 0, "nothing was cut"
    (row,) = RunStep.objects.for_workspace(run.workspace_id).filter(run=run, key="k")
    assert (row.result, row.attempt, row.finished_at is not None, step.settle) == ({"text": "paid"}, 1, True, None)
    assert said(run) == 1
    counted = meter(run)
    assert (counted.calls, counted.tokens_in, counted.reserved_tokens) == (1, 600, 0)


@pytest.mark.parametrize("cut", CUTS)
def test_a_slice_of_working_time_is_taken_and_given_back_once(
    tenant: Tenant, network: CutNetwork, cut: Cut, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long one, so that some of it is left however long the test takes."""
    hour = 3_600
    monkeypatch.setattr(time_budget, "SLICE_MS", 1000 * hour)
    run = begun(tenant)
    clock = WorkClock(run, Lease(run), asyncio.to_thread)
    network.cut_next(cut)
    clock._last = until_committed(clock._buy)
    assert meter(run).work_ms == 1000 * hour
    clock._until = time.monotonic() + hour / 2
    network.cut_next(cut)
    until_committed(clock.give_back)
    assert network.left <= 0, "nothing was cut"
    assert clock._last is None
    assert 500 * hour <= meter(run).work_ms < 1000 * hour


@pytest.mark.parametrize("cut", CUTS)
def test_an_artifact_is_stored_once(tenant: Tenant, network: CutNetwork, cut: Cut) -> None:
    """With its bytes in the store, and counted once, also where it replaces another one."""
    run = begun(tenant)
    for content in (b"first", b"another"):
        network.cut_next(cut)
        kept = artifacts.store(run, "a.diff", content, kind=Artifact.Kind.DIFF, content_type="text/x-diff")
        assert network.left <= 0, "nothing was cut"
        (row,) = Artifact.objects.for_workspace(run.workspace_id).filter(run=run)
        assert artifacts.load(row) == content
        assert (row.path, row.sha256) == (kept.path, kept.sha256)
        assert StoredBytes.objects.for_workspace(run.workspace_id).get().size == len(content)


@pytest.mark.parametrize("cut", CUTS)
def test_a_message_is_passed_on_to_one_step(tenant: Tenant, network: CutNetwork, cut: Cut) -> None:
    run = begun(tenant)
    services.steer_run(principal=tenant.principal, run_id=run.pk, message="Use a generator.")
    steering = RunSteering(run, Lease(run), asyncio.to_thread)  # type: ignore[arg-type]
    network.cut_next(cut)
    assert steering._claim("plan/1/analyze") == ("Use a generator.",)
    assert network.left <= 0, "nothing was cut"
    assert steering._claim("plan/1/draft") == ()


@pytest.mark.parametrize("cut", CUTS)
def test_a_run_whose_pull_request_was_merged_takes_one_branch_of_its_own(tenant: Tenant, network: CutNetwork, cut: Cut) -> None:
    """Whoever holds it next reads the same as who took it; a worker that holds it no more takes none."""
    run = begun(tenant)
    TaskRun.across_tenants.filter(pk=run.pk).update(
        revision={"kind": CONTINUE, "thread": 7}, branch_name="mgx/1", base_branch="main", pr_url="https://x/7", pr_number=7
    )
    run.refresh_from_db()
    with pytest.raises(LeaseLost):
        until_committed(worker_transitions.take_new_branch, run, run.fence + 1)
    assert run.continues_branch and run.pr_number == 7
    network.cut_next(cut)
    until_committed(worker_transitions.take_new_branch, run, run.fence)
    assert network.left <= 0, "nothing was cut"
    stored = TaskRun.objects.for_workspace(run.workspace_id).get(pk=run.pk)
    for known in (run, stored):
        assert known.revision == {"kind": CONTINUE, "thread": 7, "new_branch": True} and not known.continues_branch
        assert (known.branch_name, known.base_branch, known.pr_url, known.pr_number) == ("", "", "", None)


def test_what_the_server_has_forgotten_is_not_guessed(
    tenant: Tenant, network: CutNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction_ids, "status", lambda xid: None)
    network.cut_next("after")
    with pytest.raises(OutcomeUnknown, match="forgotten"):
        until_committed(Workspace.objects.filter(pk=tenant.workspace.pk).update, name="Paid")


def test_the_server_refuses_an_id_it_never_gave(tenant: Tenant, network: CutNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    present = transaction_ids.present
    monkeypatch.setattr(transaction_ids, "present", lambda: f"9000000000000000000/{str(present()).partition('/')[2]}")
    network.cut_next("after")
    with pytest.raises(OutcomeUnknown, match="does not know"):
        until_committed(Workspace.objects.filter(pk=tenant.workspace.pk).update, name="Paid")


@contextmanager
def connected_to(url: str) -> Iterator[None]:
    """This thread's connection is one to another server."""
    place, known = urlsplit(url), connection.settings_dict
    options = {name: value for name, value in known["OPTIONS"].items() if name != "pool"}
    account = {"USER": place.username, "PASSWORD": unquote(place.password or ""), "NAME": place.path[1:]}
    usual = connections["default"]
    connections["default"] = DatabaseWrapper(
        {**known, **account, "HOST": place.hostname, "PORT": place.port, "OPTIONS": options}, "default"
    )
    try:
        yield
    finally:
        connection.close()
        connections["default"] = usual


def test_an_id_that_was_given_again_after_a_crash_is_not_taken_for_the_first(tmp_path: Path) -> None:
    """What a crash loses are the last transactions. Who has the id of one of them now is a stranger."""
    with Services(tmp_path, start_redis=False) as services, connected_to(services.database_url):
        url = services.database_url
        with closing(psycopg.connect(url)) as lost, closing(psycopg.connect(url)) as other:
            (xid,) = lost.execute(f"SELECT {transaction_ids.CURRENT}").fetchone() or ("",)
            assert transaction_ids.status(xid) == "in progress"
            send(lost.info.backend_pid, signal.SIGKILL)
            wait_for_the_end(other, told=True)  # the server ends all sessions, and takes new ones when it has begun anew
        stranger = wait_for(lambda: reached(url))
        with stranger:
            while int(number(stranger)) < int(xid.partition("/")[0]):
                stranger.commit()
            assert number(stranger) == xid.partition("/")[0], "no id was given twice, so this test shows nothing"
            connection.close()
            assert transaction_ids.status(xid) is None
            transaction_ids.end_idle(xid)
            stranger.commit()
        assert transaction_ids.status(xid) is None


def number(session: psycopg.Connection[Any]) -> str:
    (found,) = session.execute("SELECT pg_current_xact_id()::text").fetchone() or ("",)
    return str(found)


def reached(url: str) -> psycopg.Connection[Any] | None:
    try:
        return psycopg.connect(url)
    except psycopg.OperationalError:  # it recovers
        return None


def test_an_error_that_is_no_loss_is_raised_at_once(tenant: Tenant) -> None:
    tries = []

    def twice() -> None:
        tries.append(1)
        Workspace.objects.create(pk=tenant.workspace.pk, name="again", slug="again")

    with pytest.raises(IntegrityError):
        until_committed(twice)
    assert len(tries) == 1


def test_an_error_of_a_hook_does_nothing_again(tenant: Tenant) -> None:
    tries = []

    def lost() -> None:
        raise OperationalError("server closed the connection unexpectedly")

    def write() -> None:
        tries.append(1)
        transaction.on_commit(lost)

    with pytest.raises(OperationalError):
        until_committed(write)
    assert len(tries) == 1


@some_of(COMMITS, 2)
@pytest.mark.parametrize("cut", CUTS)
def test_a_run_goes_on_under_the_same_claim(
    tenant: Tenant, shop: Path, scripted: Any, cut: Cut, turn: int, draw: Draw[int]
) -> None:
    """Its worker's connection is cut in one of its commits, with what was paid in hand."""
    with (
        cut_network(lambda: threading.current_thread().name.startswith("run-db")) as network,
        scripted(script(code=CODE, files=["shop/prices.py"])) as server,
    ):
        run = edit(tenant, shop)
        network.cut_next(cut, draw(COMMITS, turn))
        while run.state.claimable:
            work_on(run)
            run.refresh_from_db()
    assert network.left <= 0, "there were fewer commits than this test thinks"
    assert run.status == Status.COMPLETED, run.error
    assert [types(run).count(once) for once in TOLD_ONCE] == [1] * len(TOLD_ONCE)
    assert "recovered" not in types(run)
    entries = LedgerEntry.objects.for_workspace(run.workspace_id).filter(run_id=run.pk)
    assert entries.count() == len(server.requests) == run.usage["calls"]


def budget_of(run: TaskRun) -> LedgerBudget:
    return LedgerBudget(run, EventBuffer(run, run.fence), asyncio.to_thread)
