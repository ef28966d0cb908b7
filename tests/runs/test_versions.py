"""An upgrade carries runs over: each goes on with the versions it began with, and one whose version is gone plans again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent import prompt_versions
from agent.team import prompts
from runs.lifecycle import fair_claim, versions, worker_transitions
from runs.models import TaskRun
from runs.models.run_state import CLAIMABLE, Status
from runs.worker.journal import RunJournal
from workspaces.models import Event, LedgerEntry

from ..support.run_actors import work_on
from ..support.team_script import action_of, plan, script
from .conftest import Tenant, api_of, drive, git, types
from .test_durability import Crash, expire
from .test_ends import CODE, edit

OLD, NEW = prompt_versions.KEPT[-2:]


def system_of(version: str) -> str:
    return (Path(prompts.__file__).parent / version / "system.md").read_text().strip()


def test_a_run_ends_with_the_prompts_that_it_began_with(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted(script(code=CODE, files=["shop/prices.py"])) as server:
        run = edit(tenant, shop)
        with monkeypatch.context() as before_the_upgrade:
            before_the_upgrade.setattr(versions, "VERSION", OLD)
            work_on(run)
        run = drive(run)
        assert run.status == Status.COMPLETED, run.error
        assert (run.prompt_set, run.prompt_version, run.journal_format) == (int(OLD), OLD, versions.JOURNAL_FORMAT)
        systems = [request["messages"][0]["content"] for request in server.requests]
        assert len(systems) == 4 and all(text.startswith(system_of(OLD)) for text in systems)
        again = drive(tenant.run(run.task, auto_approve=True))
    assert (again.prompt_set, again.prompt_version) == (int(NEW), NEW)


def test_a_worker_leaves_runs_of_a_newer_version_to_newer_workers(tenant: Tenant) -> None:
    run = tenant.run()
    for field, newer in (("prompt_set", int(NEW) + 1), ("journal_format", versions.JOURNAL_FORMAT + 1)):
        TaskRun.across_tenants.filter(pk=run.pk).update(prompt_set=0, journal_format=0)
        assert [found for found, _ in fair_claim.next_to_claim()] == [run.pk]
        TaskRun.across_tenants.filter(pk=run.pk).update(**{field: newer})
        assert fair_claim.next_to_claim() == []
        assert worker_transitions.claim(run.pk, CLAIMABLE) is None


def test_a_run_of_a_version_that_is_gone_plans_again_from_its_last_tree(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = RunJournal._record

    def record_then_die(self: RunJournal, step: Any, *rest: Any) -> None:
        recorded(self, step, *rest)
        if step.key == "execute/apply/0":
            raise Crash

    more = "FILE: shop/taxes.py\nRATE = 0.25\n"
    team = script(code=CODE, files=["shop/prices.py"], DraftPlan=[plan("shop/prices.py"), plan("shop/taxes.py")],
                  WriteCode=[CODE, more])  # fmt: skip
    with scripted(team) as server:
        run = edit(tenant, shop)
        with monkeypatch.context() as before_the_upgrade:
            before_the_upgrade.setattr(RunJournal, "_record", record_then_die)
            with pytest.raises(Crash):
                drive(run)
        expire(run)
        TaskRun.across_tenants.filter(pk=run.pk).update(prompt_set=9)
        run = drive(run)
        assert (run.status, run.pause_reason) == (Status.PAUSED, "version")
        assert run.error is not None and "version 9 of the prompts" in run.error["detail"]
        assert f"mgx resume {str(run.pk)[:8]} --plan-again" in run.error["hint"]
        assert len(server.requests) == 2

        answer = api_of(tenant).post(f"/api/runs/{run.pk}/resume", {"plan_again": True}, format="json")
        assert answer.status_code == 200, answer.json()
        run = drive(run)
        assert run.status == Status.COMPLETED, run.error
        asked = [action_of(request["messages"]) for request in server.requests]
    assert asked == ["DraftPlan", "WriteCode", "DraftPlan", "WriteCode", "WriteTest", "ReviewCode"]
    assert run.prompt_set == int(NEW)
    opening = server.requests[2]["messages"][1]["content"]
    assert "The work so far is in the files already" in opening and "price is not None" in opening
    reviewed = server.requests[-1]["messages"][-1]["content"]
    assert "+RATE = 0.25" in reviewed and "price is not None" in reviewed, "the whole change is reviewed"
    changed = ["shop/prices.py", "shop/taxes.py"]
    assert git("diff", "--name-only", "main", run.branch_name, cwd=shop).split() == changed
    assert [file["path"] for file in run.results["files"]] == changed
    seen = types(run)
    assert seen.count("patch_applied") == 2 and seen.count("commit_created") == 1
    ledger = LedgerEntry.objects.for_workspace(run.workspace_id).filter(run_id=run.pk)
    assert ledger.count() == len(server.requests) == run.usage["calls"]
    assert set(ledger.values_list("attempt", flat=True)) == {1}
    tests = Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk, type="tests_finished").last()
    assert tests is not None and tests.data["baseline"]["failed"] == 0
