"""No worker's wall clock decides anything: two of them are wrong, each by another time, and the run is what it should be."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from mgx_project.common import clock
from runs.lifecycle import user_decisions, worker_transitions
from runs.models import RunStep, TaskRun
from runs.models.run_state import Status
from workspaces.models import Event, LedgerEntry

from ..support.drills import Draw, some_of
from ..support.patience import SOON
from ..support.run_actors import work_on
from ..support.scripted_openai import serve
from ..support.skewed import skewed
from ..support.team_script import action_of, review, script
from ..support.worker import wait_for_end, worker
from .conftest import NEW, Tenant, drive, git, types
from .test_durability import expire
from .test_ends import CODE, edit

SKEWS = (60, -60, 3600, -3600)
SECOND = "FILE: shop/rounding.py\ndef rounded(price):\n    return round(price, 2)\n"


def two_rounds() -> Any:
    """The second file comes with the second round."""
    answers = {"ReviseCode": [SECOND], "ReviewCode": [review("changes_requested", "Add rounding."), review()]}
    return script(code=CODE, files=["shop/prices.py", "shop/rounding.py"], **answers)


def both_files(run: TaskRun, shop: Path) -> None:
    assert run.status == Status.COMPLETED, run.error
    assert git("diff", "--name-only", "main", run.branch_name, cwd=shop).split() == ["shop/prices.py", "shop/rounding.py"]
    assert git("show", f"{run.branch_name}:shop/prices.py", cwd=shop) + "\n" == NEW


def test_what_is_delivered_was_recorded_last_and_not_by_the_clock_that_is_ahead(
    tenant: Tenant, shop: Path, scripted: Any
) -> None:
    with scripted(two_rounds()):
        run = edit(tenant, shop)
        while run.status != Status.DELIVERING:
            work_on(run)
            run.refresh_from_db()
        first = run.steps.exclude(tree="").order_by("finished_at").first()
        assert first is not None
        RunStep.across_tenants.filter(pk=first.pk).update(started_at=clock.now() + timedelta(hours=1))
        with connection.cursor() as cursor:  # as a worker of that clock recorded it
            cursor.execute("ALTER TABLE run_steps DISABLE TRIGGER USER")
            RunStep.across_tenants.filter(pk=first.pk).update(finished_at=clock.now() + timedelta(hours=1))
            cursor.execute("ALTER TABLE run_steps ENABLE TRIGGER USER")
        both_files(drive(run), shop)


@some_of(SKEWS, 1)
def test_two_workers_with_wrong_clocks_do_one_run(
    tenant: Tenant, shop: Path, tmp_path: Path, turn: int, draw: Draw[int]
) -> None:
    skew, team, reached, gone = draw(SKEWS, turn), two_rounds(), threading.Event(), threading.Event()

    def dies_at_its_review(messages: Any) -> Any:
        if action_of(messages) == "ReviewCode" and not reached.is_set():
            reached.set()
            gone.wait(SOON)
            return review()
        return team(messages)

    began = _database_time()
    with serve(dies_at_its_review) as model:
        env = {
            "MGX_MODEL": "openai/scripted", "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "k", "MGX_LEASE_SECONDS": "3",
            "MGX_LOCAL_ROOTS": str(tmp_path), "MGX_DATA_DIR": str(tmp_path / "data"),
        }  # fmt: skip
        run = edit(tenant, shop)
        try:
            with worker(log=tmp_path / "1.log", **env, **skewed(skew, tmp_path)) as process:
                assert reached.wait(SOON), (tmp_path / "1.log").read_text()
                process.send_signal(signal.SIGKILL)
                process.wait()
        finally:
            gone.set()
        with worker(log=tmp_path / "2.log", **env, **skewed(-skew, tmp_path)):
            wait_for_end(run, tmp_path / "2.log")
    both_files(run, shop)
    assert types(run).count("recovered") == 1
    events = list(Event.objects.for_workspace(run.workspace_id).order_by("position").values_list("created_at", flat=True))
    near = timedelta(seconds=5)  # each process may be wrong by half of `clock.LONGEST_ANSWER`; the skews are a minute or more
    assert all(later >= earlier - near for earlier, later in itertools.pairwise(events))
    ledger = LedgerEntry.objects.for_workspace(run.workspace_id).values_list("created_at", "settled_at")
    steps = run.steps.values_list("started_at", "finished_at")
    written = [events[0], events[-1], *(at for row in (*ledger, *steps) for at in row if at)]
    ended = _database_time()
    assert run.started_at is not None and run.completed_at is not None
    for at in (*written, run.started_at, run.completed_at):
        assert began - near <= at <= ended + near


def test_a_cancelled_run_of_a_dead_worker_ends_at_once_whatever_time_this_process_thinks_it_is(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wrong, status in ((timedelta(hours=1), Status.PLANNING), (timedelta(hours=-1), Status.CANCELLED)):
        run = tenant.run()
        assert worker_transitions.claim(run.pk, {Status.QUEUED}) is not None
        if status == Status.CANCELLED:
            expire(run)
        with monkeypatch.context() as patched:
            patched.setattr(clock, "_known", (datetime.now(UTC) + wrong, time.monotonic()))
            user_decisions.request_cancel(run.pk, by="ada")
        run.refresh_from_db()
        assert run.status == status


def test_the_clock_is_the_databases(tenant: Tenant, tmp_path: Path) -> None:
    """In a process whose own is an hour ahead; and what was asked for too long says nothing."""
    code = (
        "import django; django.setup()\n"
        "from datetime import UTC, datetime\nfrom django.db import connection\nfrom mgx_project.common import clock\n"
        "assert clock.now() <= datetime.now(UTC)\n"
        "connection.ensure_connection()\nprint(clock.now().timestamp(), datetime.now(UTC).timestamp())"
    )
    environment = {**os.environ, **skewed(3600, tmp_path), "DJANGO_SETTINGS_MODULE": "mgx_project.settings"}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
    by_database, own = map(float, said.split())
    assert own - by_database == pytest.approx(3600, abs=300)
    before = clock.now()
    clock.learn(before + timedelta(hours=1), asked=time.monotonic() - 2)
    assert clock.now() - before < timedelta(minutes=1)


def _database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (at,) = cursor.fetchone()
    assert isinstance(at, datetime)
    return at
