"""What people say while a run goes on reaches the next model call, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.prompt_blocks import read_block
from mgx_project.common.errors import BadRequest, InvalidTransition, NotAllowed, NotFound
from runs import services
from runs.errors import LeaseLost, TooManyMessages
from runs.lifecycle import worker_transitions
from runs.lifecycle.messages import MAX_MESSAGES, PER_MINUTE
from runs.models import RunStep, SteerMessage, TaskRun
from runs.models.run_state import Status
from runs.worker.lease import Lease
from runs.worker.steering import RunSteering
from workspaces.models import Event, Role
from workspaces.principal import Principal

from ..support.scripted_openai import Message
from ..support.team_script import plan, script, unclear
from .conftest import Tenant, api_of, drive, make_tenant, types
from .test_decisions import prompts
from .test_ends import CODE, edit


def steer(tenant: Tenant, run: TaskRun, text: str) -> None:
    services.steer_run(principal=tenant.principal, run_id=run.pk, message=text)


def messages(run: TaskRun) -> list[tuple[str, str]]:
    return list(SteerMessage.objects.for_workspace(run.workspace_id).order_by("number").values_list("text", "step_key"))


def test_what_is_said_reaches_the_next_call_and_all_later_ones(tenant: Tenant, shop: Path, scripted: Any) -> None:
    def while_writing(_: list[Message]) -> str:
        steer(tenant, run, "Keep the type hints.")
        return CODE

    with scripted(script(code=CODE, files=["shop/prices.py"], WriteCode=[while_writing])) as server:
        run = edit(tenant, shop)
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    (written,) = prompts(server, "WriteCode")
    (tested,) = prompts(server, "WriteTest")
    (reviewed,) = prompts(server, "ReviewCode")
    assert "Keep the type hints." not in written
    assert "Keep the type hints." in read_block(tested, "steer")
    assert "Keep the type hints." in read_block(reviewed, "steer")
    event = Event.objects.for_workspace(run.workspace_id).get(run_id=run.pk, type="steered")
    assert (event.data["by"], event.data["message"]) == ("acme", "Keep the type hints.")


def test_a_paused_run_hears_it_when_it_goes_on(tenant: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=CODE, files=["shop/prices.py"])) as server:
        run = edit(tenant, shop)
        claimed = worker_transitions.claim(run.pk, {Status.QUEUED})
        assert claimed is not None
        worker_transitions.pause(run.pk, claimed.fence, "provider", "The endpoint is down.")
        steer(tenant, run, "Use a generator.")
        services.resume_run(principal=tenant.principal, run_id=run.pk, message="And no loop.")
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    (analysed,) = prompts(server, "DraftPlan")
    assert "Use a generator." in read_block(analysed, "steer")
    assert "And no loop." in read_block(analysed, "steer")
    (written,) = prompts(server, "WriteCode")
    assert "Use a generator." in read_block(written, "plan"), "who carries out the plan knows it, too"


def test_a_replayed_step_is_told_the_same_and_nothing_newer(tenant: Tenant) -> None:
    run = tenant.run()
    claimed = worker_transitions.claim(run.pk, {Status.QUEUED})
    assert claimed is not None
    steering = RunSteering(claimed, Lease(claimed), None)  # type: ignore[arg-type]
    assert steering._claim("plan/1/analyze") == ()
    steer(tenant, run, "One.")
    assert steering._claim("plan/1/analyze") == ("One.",), "it began, but nothing is recorded yet"
    RunStep.objects.create(
        workspace_id=run.workspace_id, run=run, key="plan/1/analyze", kind="model", input_digest="x",
        started_at=run.created_at, finished_at=run.created_at,
    )  # fmt: skip
    steer(tenant, run, "Two.")
    assert steering._claim("plan/1/analyze") == ("One.",)
    assert steering._claim("plan/1/draft") == ("Two.",)
    TaskRun.across_tenants.filter(pk=run.pk).update(fence=claimed.fence + 1)
    steer(tenant, run, "Three.")
    with pytest.raises(LeaseLost):
        steering._claim("plan/1/more")
    assert messages(run)[-1] == ("Three.", "")


def test_a_run_that_waits_for_a_decision_or_is_over_says_where_to_say_it(tenant: Tenant) -> None:
    run = drive(tenant.run())
    assert run.status == Status.AWAITING_APPROVAL
    with pytest.raises(InvalidTransition, match="Approve or reject the plan with your message"):
        steer(tenant, run, "More tests.")
    services.cancel_run(principal=tenant.principal, run_id=run.pk)
    with pytest.raises(InvalidTransition, match="is already"):
        steer(tenant, run, "More tests.")
    assert "steered" not in types(run)


def test_it_is_bounded_in_length_in_number_and_by_the_minute(tenant: Tenant) -> None:
    run = tenant.run()
    api = api_of(tenant)
    path = f"/api/runs/{run.pk}/steer"
    assert api.post(path, {"message": "x" * 4_001}).status_code == 400
    assert api.post(path, {"message": " "}).status_code == 400
    for _ in range(PER_MINUTE):
        assert api.post(path, {"message": "Go on."}).status_code == 200
    refused = api.post(path, {"message": "Go on."})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_messages")
    assert int(refused.headers["Retry-After"]) <= 60
    SteerMessage.across_tenants.filter(run=run, number=PER_MINUTE).update(number=MAX_MESSAGES)
    with pytest.raises(TooManyMessages, match="Cancel it"):
        steer(tenant, run, "Go on.")


def test_viewers_and_strangers_say_nothing(tenant: Tenant) -> None:
    run = tenant.run()
    viewer = Principal(user=tenant.user, workspace_id=tenant.workspace.pk, role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        services.steer_run(principal=viewer, run_id=run.pk, message="x")
    with pytest.raises(NotFound):
        services.steer_run(principal=make_tenant("globex").principal, run_id=run.pk, message="x")


UNCLEAR = unclear("Which prices?")


def test_a_question_pauses_the_run_and_its_answer_goes_into_the_next_analysis(
    tenant: Tenant, shop: Path, scripted: Any
) -> None:
    answers = {"DraftPlan": [UNCLEAR, plan("shop/prices.py")]}
    with scripted(script(code=CODE, **answers)) as server:
        run = drive(edit(tenant, shop))
        assert (run.status, run.pause_reason) == (Status.PAUSED, "question")
        assert run.error is not None and run.error["detail"] == "Which prices?"
        assert (run.lease_owner, run.lease_expires_at) == ("", None)
        asked = api_of(tenant).post(f"/api/runs/{run.pk}/resume", {})
        assert (asked.status_code, asked.json()["code"]) == (400, "answer_needed")
        assert "Which prices?" in asked.json()["detail"]
        resumed = api_of(tenant).post(f"/api/runs/{run.pk}/resume", {"message": "Those that are None."})
        assert (resumed.json()["plan_version"], resumed.json()["error"]) == (2, None)
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    first, second = prompts(server, "DraftPlan")
    assert "Those that are None." not in first
    assert "Asked: Which prices?\nAnswered: Those that are None." in read_block(second, "feedback")
    (written,) = prompts(server, "WriteCode")
    assert "Those that are None." in read_block(written, "plan")
    assert messages(run) == [("Those that are None.", "plan/2")]


def test_what_was_said_before_the_question_is_no_answer_to_it(tenant: Tenant, shop: Path, scripted: Any) -> None:
    def asking(_: list[Message]) -> str:
        steer(tenant, run, "Be quick.")
        return UNCLEAR

    with scripted(script(code=CODE, DraftPlan=[asking, plan("shop/prices.py")])) as server:
        run = edit(tenant, shop)
        run = drive(run)
        assert run.pause_reason == "question"
        with pytest.raises(BadRequest, match="Which prices"):
            services.resume_run(principal=tenant.principal, run_id=run.pk)
        services.resume_run(principal=tenant.principal, run_id=run.pk, message="Those that are None.")
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    told = read_block(prompts(server, "DraftPlan")[-1], "feedback")
    assert "Answered: Those that are None." in told
    assert "Be quick." in told
    assert "Answered: Be quick." not in told


def test_steering_is_an_answer_too_and_a_second_question_may_follow(tenant: Tenant, shop: Path, scripted: Any) -> None:
    again = unclear("And those below zero?")
    with scripted(script(code=CODE, DraftPlan=[UNCLEAR, again, plan("shop/prices.py")])) as server:
        run = drive(edit(tenant, shop))
        steer(tenant, run, "Those that are None.")
        services.resume_run(principal=tenant.principal, run_id=run.pk)
        run = drive(run)
        assert (run.status, run.plan_version) == (Status.PAUSED, 2)
        services.resume_run(principal=tenant.principal, run_id=run.pk, message="They stay.")
        run = drive(run)
    assert (run.status, run.plan_version) == (Status.COMPLETED, 3), run.error
    last = read_block(prompts(server, "DraftPlan")[-1], "feedback")
    assert last.index("Those that are None.") < last.index("And those below zero?") < last.index("They stay.")
