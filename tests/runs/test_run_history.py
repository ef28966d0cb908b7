"""What earlier runs took: medians of this workspace's completed runs of the stack, and of nobody else's."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agent.ports import RunStatistics
from runs.models import RunStep, TaskRun
from runs.models.run_state import Status
from runs.worker.run_history import LAST, past_of
from tests.conftest import CallerInTests
from tests.factories import TaskRunFactory
from workspaces.models import Workspace

from ..support.team_script import script
from .conftest import Tenant, drive
from .test_ends import CODE, edit


def completed(
    workspace: Workspace, *, tokens: int = 1_000, cost: str | None = "0.01", seconds: float = 60, files: int = 2, **fields: Any
) -> TaskRun:
    """A finished run of ``files`` files with one model call and one command while it executed."""
    now = timezone.now()
    plan = {"summary": "s", "steps": [{"title": "t", "files": [f"{n}.py" for n in range(files)]}]}
    known = {"status": Status.COMPLETED, "stack": "fastapi", "plan": plan, "completed_at": now, **fields}
    run: TaskRun = TaskRunFactory(workspace=workspace, **known)
    answer = {"tokens_in": tokens - 100, "tokens_out": 100, "cost_usd": cost, "cached": False}
    half = timedelta(seconds=seconds / 2)
    for key, kind, result in (
        ("plan/1/draft", "model", answer | {"tokens_in": 10**9}),
        ("execute/write/0", "model", answer),
        ("execute/write/0/t1", "model", answer | {"cached": True, "tokens_in": 0, "tokens_out": 0, "cost_usd": None}),
        ("execute/test/0/1", "command", {}),
    ):
        took = half if kind == "command" or key == "execute/write/0" else timedelta()
        RunStep.objects.create(
            workspace_id=workspace.pk, run=run, key=key, kind=kind, input_digest="", result=result, started_at=now - took,
            finished_at=now,
        )  # fmt: skip
    return run


@pytest.mark.django_db
def test_medians_of_the_runs_of_the_stack(owner: CallerInTests, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for tokens, cost, took, files in ((1_000, "0.01", 60, 2), (3_000, "0.09", 30, 1), (8_000, None, 900, 4)):
        completed(owner.workspace, tokens=tokens, cost=cost, seconds=took, files=files)
    with django_assert_num_queries(1):
        past = past_of(owner.workspace.pk, "fastapi")
    assert past == RunStatistics(3, tokens_per_file=2_000.0, cost_per_token=Decimal("0.00002"), seconds_per_file=30.0)


@pytest.mark.django_db
def test_others_say_nothing(owner: CallerInTests, stranger: CallerInTests) -> None:
    completed(stranger.workspace)
    completed(owner.workspace, stack="laravel")
    completed(owner.workspace, status=Status.FAILED)
    assert past_of(owner.workspace.pk, "fastapi") == RunStatistics()


@pytest.mark.django_db
def test_only_the_newest_count(owner: CallerInTests) -> None:
    for n in range(LAST):
        completed(owner.workspace, tokens=2_000, completed_at=timezone.now() - timedelta(minutes=n))
    completed(owner.workspace, tokens=10**8, completed_at=timezone.now() - timedelta(days=90))
    past = past_of(owner.workspace.pk, "fastapi")
    assert (past.runs, past.tokens_per_file) == (LAST, 1_000.0)


@pytest.mark.django_db
def test_plans_without_files_and_calls_without_prices(owner: CallerInTests) -> None:
    completed(owner.workspace, files=0, cost=None)
    assert past_of(owner.workspace.pk, "fastapi") == RunStatistics(1, 1_000.0, None, 60.0)


def test_the_plan_of_a_run_says_how_many_runs_its_estimate_is_from(tenant: Tenant, shop: Path, scripted: Any) -> None:
    for _ in range(3):
        completed(tenant.workspace, tokens=4_000, seconds=50, files=1, stack="")
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = edit(tenant, shop)
        TaskRun.across_tenants.filter(pk=run.pk).update(auto_approve=False)
        run = drive(run)
    assert run.status == Status.AWAITING_APPROVAL, run.error
    assert run.plan["estimate"] == {"tokens": 4_000, "cost_usd": None, "seconds": 50, "basis": "from 3 earlier runs"}
