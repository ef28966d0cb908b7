"""What people decide about a run, and what it leads to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from agent.prompt_blocks import read_block
from mgx_project.common.errors import BadRequest, Conflict, InvalidTransition, NotAllowed, NotFound
from runs import services
from runs.models import Approval, Artifact, TaskRun
from runs.models.run_state import Status
from runs.phases.commit import branch_name
from tests.factories import TaskRunFactory
from workspaces.models import Event, Role
from workspaces.principal import Principal

from ..support.team_script import action_of, script
from .conftest import Tenant, api_of, drive, make_tenant, types
from .test_ends import CODE, edit


@pytest.fixture
def waiting(tenant: Tenant) -> TaskRun:
    """A run whose plan waits for approval, of a task without a repository."""
    return drive(tenant.run())


def test_a_waiting_run_holds_no_worker(waiting: TaskRun) -> None:
    assert waiting.status == Status.AWAITING_APPROVAL
    assert (waiting.lease_owner, waiting.lease_expires_at) == ("", None)
    assert waiting.task.status == "waiting"
    assert types(waiting)[-2:] == ["plan_ready", "approval_required"]


def test_the_list_can_be_of_what_waits_for_a_person(tenant: Tenant) -> None:
    runs = {status: TaskRunFactory(workspace=tenant.workspace, status=status) for status in Status}
    TaskRunFactory(status=Status.AWAITING_APPROVAL)  # of another workspace
    waiting = {Status.AWAITING_APPROVAL, Status.AWAITING_CHANGES, Status.PAUSED}
    for asked, wanted in (("true", waiting), ("false", set(Status) - waiting)):
        answer = api_of(tenant).get(f"/api/runs?waits_for_person={asked}").json()
        assert {row["id"] for row in answer["items"]} == {str(runs[status].pk) for status in wanted}
        assert {row["state"]["waits_for_person"] for row in answer["items"]} == {asked == "true"}


def test_who_comes_after_the_end_is_told_the_command_for_more(tenant: Tenant, waiting: TaskRun) -> None:
    services.decide_plan(principal=tenant.principal, run_id=waiting.pk, approved=True, plan_version=1)
    api, path, name = api_of(tenant), f"/api/runs/{waiting.pk}", str(waiting.pk)[:13]
    assert f"mgx steer {name}" in api.post(f"{path}/resume").json()["hint"]
    run = drive(waiting)
    assert run.is_final and not run.has_branch
    for answer in (api.post(f"{path}/resume"), api.post(f"{path}/steer", {"message": "and the docs"})):
        assert answer.status_code == 409
        assert f"mgx retry {name} -m" in answer.json()["hint"]
    assert "--review-changes" in api.get(f"{path}/changes").json()["hint"]


def test_an_approved_run_without_a_repository_ends_with_its_diff(tenant: Tenant, waiting: TaskRun) -> None:
    services.decide_plan(principal=tenant.principal, run_id=waiting.pk, approved=True, plan_version=1)
    run = drive(waiting)
    assert run.status == Status.COMPLETED, run.error
    assert run.git_status == "committed"
    assert run.artifacts.filter(kind="diff").count() == 1
    assert run.usage["calls"] == 3


def test_the_same_approval_twice_is_the_same_answer(tenant: Tenant, waiting: TaskRun) -> None:
    for _ in range(2):
        services.decide_plan(principal=tenant.principal, run_id=waiting.pk, approved=True, plan_version=1)
    assert Approval.across_tenants.filter(run=waiting).count() == 1
    assert types(waiting).count("approved") == 1


def test_a_decision_on_an_old_plan_is_refused(tenant: Tenant, waiting: TaskRun) -> None:
    services.edit_plan(principal=tenant.principal, run_id=waiting.pk, plan={**waiting.plan, "summary": "Mine."})
    with pytest.raises(Conflict, match="version 1"):
        services.decide_plan(principal=tenant.principal, run_id=waiting.pk, approved=True, plan_version=1)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.plan_version, waiting.plan["summary"]) == (Status.AWAITING_APPROVAL, 2, "Mine.")


def prompts(server: Any, action: str) -> list[str]:
    """What the model was asked for ``action``, in order: what is said last of each request for it."""
    asked = [request["messages"] for request in server.requests if request["messages"][-1]["role"] == "user"]
    return [messages[-1]["content"] for messages in asked if action_of(messages) == action]


def test_a_rejected_plan_goes_into_the_next_one_as_people_left_it(tenant: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=CODE, files=["shop/prices.py"])) as server:
        run = edit(tenant, shop)
        TaskRun.across_tenants.filter(pk=run.pk).update(auto_approve=False)
        run = drive(run)
        services.edit_plan(principal=tenant.principal, run_id=run.pk, plan={**run.plan, "summary": "Ada's own words."})
        services.decide_plan(principal=tenant.principal, run_id=run.pk, approved=False, feedback="Smaller steps.")
        run = drive(run)
    assert (run.status, run.plan_version) == (Status.AWAITING_APPROVAL, 3)
    first, second = prompts(server, "DraftPlan")
    assert "rejected_plan" not in first
    assert "Ada's own words." in read_block(second, "rejected_plan")
    assert "Smaller steps." in read_block(second, "feedback")


def test_what_is_said_with_an_approval_reaches_the_engineer(tenant: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=CODE, files=["shop/prices.py"])) as server:
        run = edit(tenant, shop)
        TaskRun.across_tenants.filter(pk=run.pk).update(auto_approve=False)
        run = drive(run)
        api_of(tenant).post(f"/api/runs/{run.pk}/approve", {"approved": True, "feedback": "An empty list gives 0."})
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    (asked,) = prompts(server, "WriteCode")
    assert "An empty list gives 0." in read_block(asked, "plan")
    assert "said_with_the_approval" not in run.plan
    said = Event.objects.for_workspace(run.workspace_id).get(run_id=run.pk, type="approved")
    assert said.data["feedback"] == "An empty list gives 0."


def test_a_rejection_with_feedback_drafts_the_plan_again(tenant: Tenant, waiting: TaskRun) -> None:
    services.decide_plan(principal=tenant.principal, run_id=waiting.pk, approved=False, feedback="Use POST.")
    run = drive(waiting)
    assert (run.status, run.plan_version) == (Status.AWAITING_APPROVAL, 2)
    assert types(run).count("plan_ready") == 2


def test_a_rejection_without_feedback_ends_the_run(tenant: Tenant, waiting: TaskRun) -> None:
    services.decide_plan(principal=tenant.principal, run_id=waiting.pk, approved=False)
    waiting.refresh_from_db()
    assert waiting.status == Status.REJECTED
    assert waiting.completed_at is not None
    assert waiting.task.status == "cancelled"
    with pytest.raises(InvalidTransition):
        services.decide_plan(principal=tenant.principal, run_id=waiting.pk, approved=True)


def test_a_plan_of_another_shape_is_refused_by_field(tenant: Tenant, waiting: TaskRun) -> None:
    with pytest.raises(BadRequest) as refused:
        services.edit_plan(principal=tenant.principal, run_id=waiting.pk, plan={"summary": "x", "steps": [{"files": []}]})
    assert refused.value.field == "plan.steps.0.title"


def test_a_command_that_can_not_be_shown_is_refused(tenant: Tenant, waiting: TaskRun) -> None:
    for line in ("pytest\x1b[2K", "pytest\nrm -rf .", "x" * 1_001):
        commands = [{"directory": "", "ecosystem": "python", "kind": "test", "command": line, "evidence": ""}]
        plan = {**waiting.plan, "project": {"facts": [], "commands": commands}}
        with pytest.raises(BadRequest, match="The command `test`"):
            services.edit_plan(principal=tenant.principal, run_id=waiting.pk, plan=plan)
        with pytest.raises(BadRequest, match="The command `test`"):
            services.decide_plan(principal=tenant.principal, run_id=waiting.pk, approved=True, plan=plan)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.plan_version) == (Status.AWAITING_APPROVAL, 1)


def test_cancelling_a_waiting_run_takes_effect_at_once(tenant: Tenant, waiting: TaskRun) -> None:
    services.cancel_run(principal=tenant.principal, run_id=waiting.pk)
    waiting.refresh_from_db()
    assert waiting.status == Status.CANCELLED
    assert types(waiting)[-1] == "cancelled"


def test_a_retry_is_a_new_run_with_its_parent(tenant: Tenant, waiting: TaskRun) -> None:
    with pytest.raises(InvalidTransition):
        services.retry_run(principal=tenant.principal, run_id=waiting.pk)
    services.cancel_run(principal=tenant.principal, run_id=waiting.pk)
    again = services.retry_run(principal=tenant.principal, run_id=waiting.pk)
    assert (again.run_number, again.parent_run_id, again.status) == (2, waiting.pk, Status.QUEUED)


def test_a_developer_approves_only_where_the_project_lets_developers(tenant: Tenant, waiting: TaskRun) -> None:
    developer = Principal(user=tenant.user, workspace_id=tenant.workspace.pk, role=Role.DEVELOPER)
    with pytest.raises(NotAllowed):
        services.decide_plan(principal=developer, run_id=waiting.pk, approved=True)
    with pytest.raises(NotAllowed):
        tenant_run(developer, waiting)
    tenant.project.approval_policy = "developers"
    tenant.project.save()
    assert services.decide_plan(principal=developer, run_id=waiting.pk, approved=True).status == Status.APPROVED


def tenant_run(principal: Principal, run: TaskRun) -> TaskRun:
    return services.create_run(principal=principal, task_id=run.task_id, auto_approve=True)


def test_another_tenants_run_does_not_exist(tenant: Tenant, waiting: TaskRun) -> None:
    other = make_tenant("globex").principal
    for act in (services.cancel_run, services.resume_run, services.retry_run, services.delete_run):
        with pytest.raises(NotFound):
            act(principal=other, run_id=waiting.pk)
    with pytest.raises(NotFound):
        services.create_run(principal=other, task_id=waiting.task_id)


def test_the_stored_files_of_a_deleted_run_are_gone(tenant: Tenant, waiting: TaskRun) -> None:
    services.decide_plan(principal=tenant.principal, run_id=waiting.pk, approved=True)
    run = drive(waiting)
    paths = list(Artifact.objects.for_workspace(run.workspace_id).filter(run=run).values_list("path", flat=True))
    assert paths and all(default_storage.exists(path) for path in paths)
    tenant.project.delete()
    assert not any(default_storage.exists(path) for path in paths)


def test_the_log_for_people_has_no_empty_lines_and_the_list_names_its_states(tenant: Tenant, waiting: TaskRun) -> None:
    api = api_of(tenant)
    log = api.get(f"/api/runs/{waiting.pk}/logs").content.decode()
    assert "model_output" in types(waiting)
    assert all(len(line.split(" ", 2)) == 3 for line in log.splitlines()), log
    refused = api.get("/api/runs?status=done")
    assert refused.status_code == 400
    assert "Use one of: queued, " in refused.json()["detail"]


def test_a_branch_keeps_the_base_of_letters(tenant: Tenant) -> None:
    run = tenant.run(tenant.task("Sağlık ucu ığdır İş Łódź straße"))
    assert branch_name(run) == "mgx/saglik-ucu-igdir-is-lodz-strasse/run-1"
