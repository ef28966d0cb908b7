"""Where a run's time went adds up, whatever ran side by side, died or is still at work."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from runs import services
from runs.lifecycle import worker_transitions
from runs.models import RunStep, TaskRun
from runs.models.run_state import Status
from runs.reports.timing import length, overlap, timing_of, union
from tests.conftest import CallerInTests
from tests.factories import TaskRunFactory

from ..support.team_script import script
from .conftest import Tenant, api_of, drive
from .test_durability import expire
from .test_ends import CODE, edit

KINDS = ("model_seconds", "sandbox_seconds", "own_seconds")


def finished(caller: CallerInTests, seconds: float = 100) -> TaskRun:
    run: TaskRun = TaskRunFactory(workspace=caller.workspace, status=Status.COMPLETED)
    run.completed_at = run.created_at + timedelta(seconds=seconds)
    run.save()
    return run


def step(run: TaskRun, key: str, kind: str, start: float, end: float | None, **fields: Any) -> None:
    def at(seconds: float) -> datetime:
        return run.created_at + timedelta(seconds=seconds)

    RunStep.objects.create(
        workspace_id=run.workspace_id, run=run, key=key, kind=kind, input_digest="", started_at=at(start),
        finished_at=None if end is None else at(end), **fields,
    )  # fmt: skip


def seconds(found: dict[str, Any], *names: str) -> tuple[float, ...]:
    return tuple(found[f"{name}_seconds"] for name in names)


@pytest.mark.django_db
def test_the_parts_add_up_to_the_whole(owner: CallerInTests, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    run = finished(owner)
    step(run, "phase/planning/1", "phase", 5, 25)
    step(run, "plan/1/read", "read", 5, 6)
    step(run, "plan/1/analyze", "model", 7, 12)
    step(run, "plan/1/analyze/t1/0", "read", 12, 13)
    step(run, "plan/1/analyze/t2/0", "command", 13, 15)
    step(run, "plan/1/analyze/t2", "model", 15, 20)
    step(run, "phase/executing/2", "phase", 60, 90)
    # two answers side by side, and tests beside the second
    step(run, "execute/write/0/a", "model", 60, 70)
    step(run, "execute/write/0/b", "model", 65, 75)
    step(run, "execute/test/0/1", "command", 72, 80, attempt=2, result={"duration_ms": 7_000, "exit_code": 1})
    with django_assert_num_queries(2):
        found = timing_of(run)

    assert seconds(found, "wall", "model", "sandbox", "own", "waiting") == (100, 25, 6, 19, 50)
    assert [(p["phase"], *seconds(p, "wall", "model", "sandbox", "own")) for p in found["phases"]] == [
        ("plan", 20, 10, 2, 8), ("execute", 30, 15, 4, 11),
    ]  # fmt: skip
    steps = {s["key"]: s for s in found["steps"]}
    assert list(steps) == ["plan/1/read", "plan/1/analyze", "execute/write/0/a", "execute/write/0/b", "execute/test/0/1"]
    assert seconds(steps["plan/1/analyze"], "wall", "model", "sandbox", "own") == (13, 10, 2, 1)
    assert steps["execute/test/0/1"]["attempts"] == 2
    assert found["profiles"] == []


@pytest.mark.django_db
def test_what_was_begun_and_not_recorded_went_on_until_its_worker_stopped(owner: CallerInTests) -> None:
    run = finished(owner)
    step(run, "phase/planning/1", "phase", 10, 30)
    step(run, "plan/1/analyze", "model", 12, None)
    assert seconds(timing_of(run), "model", "own", "waiting") == (18, 2, 80)


@pytest.mark.django_db
def test_a_run_from_before_there_were_spans_counts_its_steps(owner: CallerInTests) -> None:
    run = finished(owner)
    step(run, "plan/1/analyze", "model", 12, 20)
    step(run, "plan/1/read", "read", 20, 21)
    found = timing_of(run)
    assert seconds(found, "model", "own", "waiting") == (8, 1, 91)
    assert found["phases"] == []


def test_a_run_that_was_done_says_where_its_time_went(tenant: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = drive(edit(tenant, shop))
    assert run.status == Status.COMPLETED, run.error
    found = api_of(tenant).get(f"/api/runs/{run.pk}/timing").json()
    assert [phase["phase"] for phase in found["phases"]] == ["plan", "execute", "deliver"]
    assert sum(seconds(found, "model", "sandbox", "own", "waiting")) == pytest.approx(found["wall_seconds"], abs=0.005)
    for name in KINDS:
        assert found[name] > 0
        assert sum(phase[name] for phase in found["phases"]) == pytest.approx(found[name], abs=0.01)
    assert {"plan/1/draft", "execute/write/0", "execute/apply/0", "deliver/commit"} <= {step["key"] for step in found["steps"]}
    assert not RunStep.objects.for_workspace(run.workspace_id).filter(run=run, kind="phase", finished_at=None).exists()


def test_a_dead_workers_time_ends_with_its_last_sign_of_life(tenant: Tenant) -> None:
    run = tenant.run()
    claimed = worker_transitions.claim(run.pk, {Status.QUEUED})
    assert claimed is not None
    RunStep.across_tenants.filter(run=run).update(started_at=timezone.now() - timedelta(minutes=10))
    expire(run)
    assert worker_transitions.claim(run.pk, {Status.PLANNING}) is not None
    dead, alive = RunStep.across_tenants.filter(run=run, kind="phase").order_by("started_at")
    lived = (dead.finished_at - dead.started_at).total_seconds()
    assert lived == pytest.approx(600 - settings.MGX_LEASE_SECONDS, abs=settings.MGX_LEASE_SECONDS / 2)
    assert alive.finished_at is None
    assert [phase["phase"] for phase in timing_of(TaskRun.across_tenants.get(pk=run.pk))["phases"]] == ["plan", "plan"]


def test_a_cancelled_run_leaves_no_open_span(tenant: Tenant) -> None:
    run = tenant.run()
    worker_transitions.claim(run.pk, {Status.QUEUED})
    expire(run)
    services.cancel_run(principal=tenant.principal, run_id=run.pk)
    assert not RunStep.across_tenants.filter(run=run, finished_at=None).exists()


def test_intervals() -> None:
    assert union([(3, 4), (0, 1), (0.5, 2), (2, 2), (5, 5)]) == [(0, 2), (3, 4)]
    assert overlap([(0, 2), (3, 4)], [(1, 3.5)]) == [(1, 2), (3, 3.5)]
    assert length([(0, 2), (3, 3.5)]) == 2.5
