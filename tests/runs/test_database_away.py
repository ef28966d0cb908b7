"""A database that stays away: what a claim has to commit waits for it together, and no longer than it may."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now

from runs import commits
from runs.commits import OutcomeUnknown, StaysAway, until_committed
from runs.models import TaskRun
from runs.models.run_state import Status
from runs.worker.event_buffer import EventBuffer
from runs.worker.lease import keeper
from workspaces.models import Workspace

from ..support.cut_connections import Cut, CutNetwork, cut_network
from ..support.run_actors import work_on
from ..support.team_script import script
from .conftest import Tenant, drive
from .test_ends import CODE, edit
from .test_lost_commits import STEERED, said
from .test_worker_deaths import begun

pytestmark = pytest.mark.django_db(transaction=True)


def renaming_in_an_outage(tenant: Tenant, network: CutNetwork, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    """What renames the workspace. It was tried once, and waited for the database for as long as anything may."""
    rename = partial(until_committed, Workspace.objects.filter(pk=tenant.workspace.pk).update, name="Paid")
    monkeypatch.setattr(commits, "LONGEST_SECONDS", 0.3)
    monkeypatch.setattr(commits, "AGAIN_SECONDS", 3_600)
    network.cut_next("before", away_after=True)
    with pytest.raises(OutcomeUnknown):
        rename()
    return rename


def test_what_is_to_be_committed_in_one_outage_waits_for_it_together(
    tenant: Tenant, network: CutNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one waits. The next are not tried, or once where that was some time ago; when the database answers, all is as
    before."""
    rename = renaming_in_an_outage(tenant, network, monkeypatch)
    tried = network.refused
    assert tried
    for _ in range(4):
        with pytest.raises(StaysAway):
            rename()
    assert network.refused == tried
    monkeypatch.setattr(commits, "AGAIN_SECONDS", 0)
    with pytest.raises(OperationalError):
        rename()
    assert network.refused == tried + 1
    network.away = False
    rename()
    connection.close()  # between an outage and the next one a thread may lose its connection in other ways
    monkeypatch.setattr(commits, "AGAIN_SECONDS", 3_600)
    rename()
    monkeypatch.setattr(commits, "LONGEST_SECONDS", 3_600)
    network.cut_next("before", away_after=True)
    network.back_after = 3
    rename()


def test_another_statement_that_is_answered_ends_the_outage(
    tenant: Tenant, network: CutNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = renaming_in_an_outage(tenant, network, monkeypatch)
    network.away = False
    with pytest.raises(StaysAway):
        rename()
    assert Workspace.objects.filter(pk=tenant.workspace.pk).exists()
    rename()


def write_into_an_absent_database(tenant: Tenant, network: CutNetwork, cut: Cut) -> tuple[TaskRun, EventBuffer]:
    """An event, in whose commit the database goes away; it is back when this returns."""
    run = begun(tenant)
    buffer = EventBuffer(run, run.fence)
    buffer.add(STEERED)
    network.cut_next(cut, away_after=True)
    with pytest.raises(OutcomeUnknown):
        buffer.commit(buffer.write_waiting)
    network.away = False
    return run, buffer


def test_a_database_that_stays_away_lets_nothing_more_be_written(
    tenant: Tenant, network: CutNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the event, and this worker can't know."""
    monkeypatch.setattr(commits, "LONGEST_SECONDS", 0.3)
    run, buffer = write_into_an_absent_database(tenant, network, "after")
    with pytest.raises(OutcomeUnknown):
        buffer.commit(buffer.write_waiting)
    assert said(run) == 1


def test_a_worker_that_is_stopped_does_not_wait_for_its_database(
    tenant: Tenant, network: CutNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "stopping", True)
    assert commits.stopping()
    monkeypatch.setattr(commits, "STOPPING_SECONDS", 0.3)
    run, _ = write_into_an_absent_database(tenant, network, "before")
    assert said(run) == 0


def test_the_end_of_a_claim_waits_once_for_a_database_that_is_away(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much there is to be written at its end: the step that was paid, time that is given back, events, the outcome."""
    monkeypatch.setattr(commits, "FIRST_PAUSE", 0.2)
    monkeypatch.setattr(commits, "LONGEST_PAUSE", 0.2)
    monkeypatch.setattr(commits, "LONGEST_SECONDS", 2.0)
    monkeypatch.setattr(commits, "AGAIN_SECONDS", 3_600)
    with (
        cut_network(lambda: threading.current_thread().name.startswith("run-db")) as network,
        scripted(script(code=CODE, files=["shop/prices.py"])),
    ):
        run = edit(tenant, shop)
        network.cut_next("before", 4, away_after=True)
        work_on(run)
        assert network.away, "nothing was cut"
        # at most 11 by what waits, and one by each statement outside of a commit; two that wait are 20 and more
        assert network.refused < 2 * (2.0 / 0.2)
        network.away = False
        TaskRun.across_tenants.filter(pk=run.pk).update(lease_expires_at=Now())
        drive(run)
    run.refresh_from_db()
    assert run.status == Status.COMPLETED, run.error
