"""However a run is interrupted, it ends in a state that says why, and the user's repository is as it was."""

from __future__ import annotations

import errno
import gc
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from runs import services
from runs.models import TaskRun
from runs.models.run_state import Status
from runs.worker.lease import keeper
from workspaces.models import Budget, Event, LedgerEntry

from ..support import otlp
from ..support.descriptors import descriptors
from ..support.patience import SOON
from ..support.scripted_openai import Reply
from ..support.team_script import action_of, script
from .conftest import NEW, Tenant, drive, git, types

pytestmark = pytest.mark.usefixtures("all_tools")
CODE = f"FILE: shop/prices.py\n{NEW}"


def edit(tenant: Tenant, shop: Path, **options: Any) -> TaskRun:
    link = tenant.link(shop, is_primary=True)
    task = tenant.task("Let total() ignore prices that are None", repository_id=link.pk, output_mode="patch_existing")
    return tenant.run(task, auto_approve=True, **options)


def state_of(repo: Path) -> tuple[str, str, str]:
    return git("rev-parse", "HEAD", cwd=repo), git("status", "--porcelain", cwd=repo), git("symbolic-ref", "HEAD", cwd=repo)


def test_an_edit_reaches_its_branch_and_changes_nothing_else(tenant: Tenant, shop: Path, scripted: Any) -> None:
    before = state_of(shop)
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = drive(edit(tenant, shop))
    assert run.status == Status.COMPLETED, run.error
    assert git("diff", "--name-only", "main", run.branch_name, cwd=shop) == "shop/prices.py"
    assert git("show", f"{run.branch_name}:shop/prices.py", cwd=shop) + "\n" == NEW
    assert state_of(shop) == before
    assert run.usage["calls"] == 4
    proof = Event.objects.for_workspace(run.workspace_id).get(run_id=run.pk, type="tests_finished").data
    assert proof["coverage"]["percent"] == 100
    assert run.usage["cost_usd"] is None, "an unknown price is never $0"


def test_the_endpoints_key_is_in_no_event_and_no_row(tenant: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = drive(edit(tenant, shop))
    stored = [
        str(list(Event.objects.for_workspace(run.workspace_id).values())),
        str(list(run.steps.values())),
        str(run.__dict__),
    ]
    assert not any("k-secret" in text for text in stored)


@pytest.mark.parametrize(
    ("reply", "status", "reason"),
    [
        (Reply("down", status=503), Status.PAUSED, "provider"),
        (Reply("slow down", status=429), Status.PAUSED, "provider"),
        (Reply("bad key", status=401), Status.FAILED, ""),
        (Reply("I'd rather talk about the weather."), Status.FAILED, ""),
    ],
)
def test_a_bad_endpoint_ends_in_a_state_with_a_reason(
    tenant: Tenant, shop: Path, scripted: Any, reply: Reply, status: Status, reason: str
) -> None:
    before = state_of(shop)
    with scripted(lambda messages: reply):
        run = drive(edit(tenant, shop))
    assert (run.status, run.pause_reason) == (status, reason), run.error
    assert run.error["detail"] and run.error["hint"]
    assert types(run)[-1] == ("paused" if reason else "failure")
    assert state_of(shop) == before


def test_a_run_paused_by_its_endpoint_goes_on_where_it_was(tenant: Tenant, shop: Path, scripted: Any) -> None:
    answers, down = script(code=CODE, files=["shop/prices.py"]), [True]

    def flaky(messages: Any) -> Any:
        is_code = action_of(messages) == "WriteCode"
        return Reply("down", status=503) if down[0] and is_code else answers(messages)

    with scripted(flaky) as server:
        run = drive(edit(tenant, shop))
        assert (run.status, run.paused_from) == (Status.PAUSED, Status.EXECUTING)
        asked = len(server.requests)
        down[0] = False
        services.resume_run(principal=tenant.principal, run_id=run.pk)
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    assert len(server.requests) == asked + 3, "the two calls of planning are not made again"
    assert types(run).count("plan_ready") == 1


def test_an_endpoint_that_is_not_there_pauses_the_run(tenant: Tenant, shop: Path, settings: Any) -> None:
    settings.MGX_MODEL, settings.MGX_OPENAI_BASE_URL, settings.MGX_OPENAI_API_KEY = "openai/x", "http://127.0.0.1:9/v1", "k"
    run = drive(edit(tenant, shop))
    assert (run.status, run.pause_reason) == (Status.PAUSED, "provider")
    assert "127.0.0.1" in run.error["detail"] + run.error["hint"]


def test_a_stalled_endpoint_is_given_up(tenant: Tenant, shop: Path, scripted: Any, settings: Any) -> None:
    settings.MGX_MODEL_STALL_SECONDS = 0.3
    with scripted(lambda messages: Reply("x" * 1000, fault="stall")):
        run = drive(edit(tenant, shop))
    assert (run.status, run.pause_reason) == (Status.PAUSED, "provider")


def test_a_budget_is_kept_before_the_call_and_can_be_raised(tenant: Tenant, shop: Path, scripted: Any) -> None:
    budget = Budget.objects.create(workspace_id=tenant.workspace.pk, max_calls=2)
    with scripted(script(code=CODE, files=["shop/prices.py"])) as server:
        run = drive(edit(tenant, shop))
        assert (run.status, run.pause_reason) == (Status.PAUSED, "budget")
        assert len(server.requests) == LedgerEntry.objects.for_workspace(run.workspace_id).count() == 2
        budget.max_calls = 10
        budget.save()
        services.resume_run(principal=tenant.principal, run_id=run.pk)
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error


def test_a_runs_own_cap_in_usd_needs_known_prices(tenant: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = drive(edit(tenant, shop, budget={"max_cost_usd": "1"}))
    assert (run.status, run.pause_reason) == (Status.PAUSED, "budget")
    assert "price is unknown" in run.error["detail"]


def test_a_full_disk_pauses_the_run(tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = state_of(shop)
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = edit(tenant, shop)
        monkeypatch.setattr(storages["default"], "save", full)
        run = drive(run)
        assert (run.status, run.pause_reason) == (Status.PAUSED, "storage"), run.error
        assert "disk of the artifact store is full" in run.error["detail"]
        assert state_of(shop) == before
        monkeypatch.undo()
        services.resume_run(principal=tenant.principal, run_id=run.pk)


def test_work_that_changes_nothing_is_no_commit(tenant: Tenant, shop: Path, scripted: Any) -> None:
    same = f"FILE: shop/prices.py\n{(shop / 'shop/prices.py').read_text()}"
    with scripted(script(code=same, files=["shop/prices.py"])):
        run = drive(edit(tenant, shop))
    assert run.status in {Status.FAILED, Status.PAUSED}
    assert run.error["detail"]
    assert git("branch", "--list", "mgx/*", cwd=shop) == ""


def test_a_cancelled_run_does_not_wait_for_an_answer(tenant: Tenant, shop: Path, scripted: Any) -> None:
    asked = threading.Event()

    def slow(messages: Any) -> Reply:
        asked.set()
        return Reply("late", delay=3600)

    with scripted(slow):
        run = edit(tenant, shop)
        worker = threading.Thread(target=drive, args=(TaskRun.across_tenants.get(pk=run.pk),))
        worker.start()
        assert asked.wait(SOON)
        services.cancel_run(principal=tenant.principal, run_id=run.pk)
        worker.join(SOON)
        assert not worker.is_alive()
    run.refresh_from_db()
    assert run.status == Status.CANCELLED
    assert types(run)[-1] == "cancelled"
    assert keeper.held == 0


def test_a_repository_that_is_gone_fails_the_run_with_the_reason(tenant: Tenant, local_roots: Path) -> None:
    missing = local_roots / "gone"
    run = drive(tenant.run(tenant.task(repository_id=tenant.link(missing, is_primary=True).pk), auto_approve=True))
    assert run.status == Status.FAILED
    assert str(missing) in run.error["detail"]


def test_a_machine_without_a_sandbox_pauses_before_a_model_call_is_spent(
    tenant: Tenant, shop: Path, scripted: Any, settings: Any
) -> None:
    settings.MGX_SANDBOX = "landlock"
    with scripted(script(code=CODE, files=["shop/prices.py"])) as server:
        run = drive(edit(tenant, shop))
    assert (run.status, run.pause_reason) == (Status.PAUSED, "sandbox")
    assert not server.requests


def test_no_work_directory_outlives_its_run(tenant: Tenant, shop: Path, scripted: Any, settings: Any) -> None:
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = drive(edit(tenant, shop))
    assert not (settings.MGX_DATA_DIR / "runs" / str(run.pk)).exists()


def test_what_tests_leave_behind_is_not_delivered(tenant: Tenant, shop: Path, scripted: Any) -> None:
    (shop / "tests/test_prices.py").write_text(
        "import pathlib\n\n\ndef test_total():\n    pathlib.Path('litter.txt').write_text('x')\n"
    )
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qam", "litter", cwd=shop)
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = drive(edit(tenant, shop))
    assert run.status == Status.COMPLETED, run.error
    assert git("diff", "--name-only", "main", run.branch_name, cwd=shop) == "shop/prices.py"


@pytest.mark.parametrize("traced", [False, True])
def test_a_run_leaves_no_descriptor_of_its_sandboxes(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch, traced: bool
) -> None:
    """Also while nothing is collected as garbage, and where its commands are traced."""
    gc.collect()
    gc.disable()
    try:
        with otlp.collected_here(monkeypatch) if traced else nullcontext(otlp.Collector()) as collector:
            before = descriptors()
            with scripted(script(code=CODE, files=["shop/prices.py"])):
                run = drive(edit(tenant, shop))
            left = {target for _, target in descriptors() - before if target.startswith("user:") or "/locks/" in target}
    finally:
        gc.enable()
    assert run.status == Status.COMPLETED, run.error
    assert not left
    assert any(span.name.startswith("command ") for span in collector.spans) == traced
