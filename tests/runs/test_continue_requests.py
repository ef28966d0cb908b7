"""Who may continue or retry which run, once, and what is refused with what to do instead."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from runs import services
from runs.lifecycle import messages
from runs.lifecycle.earlier_work import MAX_COMMENTS, MAX_TEXT, earlier_work
from runs.models import Approval, SteerMessage, TaskRun
from runs.models.run_state import FINAL, Status
from tests.conftest import CallerInTests, MakeCaller
from tests.factories import TaskFactory, TaskRunFactory
from tests.support.patience import SOON
from workspaces.models import AuditEntry, Event, ModelConnection, Role, Workspace

from .conftest import Tenant

pytestmark = pytest.mark.django_db
WISH = {"message": "Cover empty lists, too."}


def finished(workspace: Workspace, **fields: Any) -> TaskRun:
    known = {"status": Status.COMPLETED, "git_status": "pr_opened", "branch_name": "mgx/x/run-1", "pr_number": 7}
    run: TaskRun = TaskRunFactory(workspace=workspace, **{**known, **fields})
    return run


def path(run: TaskRun, action: str = "continue") -> str:
    return f"/api/runs/{run.pk}/{action}"


def test_the_new_run_has_the_branch_the_model_and_the_budget(owner: CallerInTests) -> None:
    run = finished(owner.workspace, budget={"max_tokens": 9_000, "max_calls": 4}, base_branch="main", pr_url="https://h/7")
    answer = owner.api.post(path(run), {**WISH, "budget": {"max_calls": 9}})
    assert answer.status_code == 201, answer.json()
    new = TaskRun.objects.for_workspace(owner.workspace.pk).get(pk=answer.json()["id"])
    assert (new.parent_run_id, new.task_id, new.status, new.auto_approve) == (run.pk, run.task_id, Status.QUEUED, False)
    assert (new.branch_name, new.base_branch, new.pr_number, new.pr_url) == ("mgx/x/run-1", "main", 7, "https://h/7")
    assert new.budget == {"max_tokens": 9_000, "max_calls": 9}
    assert new.revision is not None and new.revision["asked"] == WISH["message"]


def test_the_same_request_makes_one_run(owner: CallerInTests) -> None:
    run, key = finished(owner.workspace), {"Idempotency-Key": "k-1"}
    first, again = (owner.api.post(path(run), WISH, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()["id"]) == (201, 201, first.json()["id"])
    assert owner.api.post(path(run), {"message": "Another one."}, headers=key).status_code == 409
    assert TaskRun.objects.for_workspace(owner.workspace.pk).count() == 2


def test_who_may(owner: CallerInTests, stranger: CallerInTests, make_caller: MakeCaller) -> None:
    run = finished(owner.workspace)
    viewer, developer = (make_caller(role, owner.workspace) for role in (Role.VIEWER, Role.DEVELOPER))
    assert stranger.api.post(path(run), WISH).status_code == 404
    assert viewer.api.post(path(run), WISH).status_code == 403
    refused = developer.api.post(path(run), {**WISH, "auto_approve": True})
    assert (refused.status_code, "requires the role admin" in refused.json()["detail"]) == (403, True)
    assert not AuditEntry.objects.for_workspace(owner.workspace.pk).filter(action="run.continued").exists()
    assert developer.api.post(path(run), WISH).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "message"), ({"message": "  "}, "message"), ({"message": "x" * 10_001}, "message"),
     ({**WISH, "model": "nobody's"}, "model"), ({**WISH, "say": "x"}, "say")],
)  # fmt: skip
def test_what_is_wrong_with_a_request_is_named(owner: CallerInTests, body: dict[str, Any], field: str) -> None:
    answer = owner.api.post(path(finished(owner.workspace)), body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field), answer.json()


@pytest.mark.parametrize("status", sorted(set(Status) - FINAL))
def test_a_run_that_has_not_ended_is_refused_with_what_to_do(owner: CallerInTests, status: Status) -> None:
    run = finished(owner.workspace, status=status)
    answer = owner.api.post(path(run), WISH)
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_transition")
    hint = answer.json()["hint"]
    command = {"paused": "resume", "awaiting_approval": "reject", "awaiting_changes": "changes", "delivering": "attach"}
    assert f"mgx {command.get(status, 'steer')} {str(run.pk)[:13]}" in hint


def test_a_run_without_a_branch_is_refused_and_another_one_named(owner: CallerInTests) -> None:
    failed = finished(owner.workspace, status=Status.FAILED, git_status="none", branch_name="", pr_number=None)
    answer = owner.api.post(path(failed), WISH)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_branch")
    assert f"mgx retry {str(failed.pk)[:13]}" in answer.json()["hint"]
    other = finished(owner.workspace, task=failed.task, project_id=failed.project_id)
    assert f"mgx continue {str(other.pk)[:13]}" in owner.api.post(path(failed), WISH).json()["hint"]


def test_only_a_run_with_a_branch_says_that_it_can_be_continued(owner: CallerInTests) -> None:
    runs = [finished(owner.workspace), finished(owner.workspace, git_status="committed")]
    shown = [owner.api.get(f"/api/runs/{run.pk}").json()["state"]["next_actions"] for run in runs]
    assert shown == [["continue"], []]


def test_beside_another_run_of_the_task_it_is_refused(owner: CallerInTests) -> None:
    run = finished(owner.workspace)
    live = owner.api.post(path(run), WISH).json()
    answer = owner.api.post(path(run), WISH)
    assert answer.status_code == 409
    assert f"Run #{live['run_number']} of this task is queued" in answer.json()["detail"]
    assert f"mgx steer {live['id'][:13]}" in answer.json()["hint"]


@pytest.mark.django_db(transaction=True)
def test_of_several_at_once_one_goes_on(tenant: Tenant) -> None:
    run = finished(tenant.workspace, task=tenant.task(), project_id=tenant.project.pk)
    barrier = Barrier(4)

    def start(number: int) -> int:
        try:
            barrier.wait(timeout=SOON)
            services.continue_run(principal=tenant.principal, run_id=run.pk, message=f"Wish {number}")
        except Exception as error:
            return int(getattr(error, "http_status", 500))
        finally:
            connections.close_all()
        return 201

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(start, range(4))) == [201, 409, 409, 409]
    assert TaskRun.objects.for_workspace(tenant.workspace.pk).filter(branch_name=run.branch_name).count() == 2


def test_a_retry_takes_a_model_and_a_message_for_the_plan(owner: CallerInTests) -> None:
    ModelConnection.objects.create(workspace=owner.workspace, name="large", kind="offline")
    run = finished(owner.workspace, status=Status.FAILED)
    body = {"model": "large", "message": "Add no dependency for it.", "auto_approve": True}
    answer = owner.api.post(path(run, "retry"), body)
    assert (answer.status_code, answer.json()["model"], answer.json()["auto_approve"]) == (201, "large", True)
    new = TaskRun.objects.for_workspace(owner.workspace.pk).get(pk=answer.json()["id"])
    assert messages.plan_messages(new) == messages.messages_while_planning(new) == [body["message"]]
    assert Event.objects.for_workspace(owner.workspace.pk).filter(run_id=new.pk, type="steered").count() == 1
    refused = owner.api.post(path(run, "retry"), {"model": "nobody's"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "model")


# what the team is told of the work before


def test_it_is_told_of_three_runs_of_the_branch_the_newest_first(owner: CallerInTests) -> None:
    task = TaskFactory(workspace=owner.workspace, name="Page the list", description="Page the list\n\nBy 50.")
    known: dict[str, Any] = {"task": task, "project_id": task.project_id, "plan": {"summary": "x" * 9_000, "steps": [
        {"title": "Add a page", "files": ["shop/list.py"]}, "no step"]}}  # fmt: skip
    runs = [finished(owner.workspace, **known, results={"files": [{"path": f"f{n}.py"}]}) for n in range(4)]
    elsewhere = finished(owner.workspace, **known, branch_name="mgx/other/run-9")
    for number in range(MAX_COMMENTS + 2):
        SteerMessage.objects.create(workspace=owner.workspace, run=runs[3], number=number, text=f"Said {number}", by="ada")
    Approval.objects.create(
        workspace=owner.workspace, run=runs[3], plan_version=1, approved=True, feedback="Yes.", plan={}, decided_by=owner.user
    )
    told = earlier_work(runs[3])
    assert (told["task"], told["run_number"], told["files"]) == (task.description, runs[3].run_number, ["f3.py"])
    assert [entry["run_number"] for entry in told["before"]] == [runs[2].run_number, runs[1].run_number]
    assert len(told["summary"]) == MAX_TEXT and told["plan"]["steps"] == [{"title": "Add a page", "files": ["shop/list.py"]}]
    assert told["comments"] == [*(f"Said {n}" for n in range(3, MAX_COMMENTS + 2)), "Yes."]
    assert elsewhere.run_number not in [told["run_number"], *(entry["run_number"] for entry in told["before"])]


def test_a_run_that_failed_is_told_of_as_such(owner: CallerInTests) -> None:
    first = finished(owner.workspace, results={"files": [{"path": "a.py"}]})
    failed = finished(
        owner.workspace, task=first.task, project_id=first.project_id, status=Status.FAILED, git_status="none",
        parent_run=first, revision={"kind": "continue", "asked": "Do more."}, plan={"summary": "More.", "steps": []},
        results={"files": [{"path": "b.py"}]}, error={"code": "x", "detail": "The model failed.", "hint": ""},
    )  # fmt: skip
    told = earlier_work(failed)
    assert (told["status"], told["message"], told["error"]) == ("failed", "Do more.", "The model failed.")
    assert (told["summary"], told["files"]) == ("", []), "nothing of it is on the branch"
    assert [entry["files"] for entry in told["before"]] == [["a.py"]]


def test_a_retry_of_one_that_was_to_have_a_new_branch_has_one_too(owner: CallerInTests) -> None:
    asked = {"kind": "continue", "by": "", "asked": "More.", "threads": [], "new_branch": True, "thread": 7}
    failed = finished(
        owner.workspace, status=Status.FAILED, git_status="none", branch_name="", pr_number=None, revision=asked
    )  # fmt: skip
    assert owner.api.post(path(failed), WISH).json()["code"] == "no_branch"
    again = TaskRun.objects.for_workspace(owner.workspace.pk).get(pk=owner.api.post(path(failed, "retry")).json()["id"])
    assert (again.revision, again.branch_name, again.continues_branch) == (asked, "", False)
    done = finished(owner.workspace, branch_name="mgx/x/run-3", pr_number=9, revision=asked)
    again = TaskRun.objects.for_workspace(owner.workspace.pk).get(pk=owner.api.post(path(done, "retry")).json()["id"])
    assert (again.branch_name, again.pr_number, again.continues_branch) == ("mgx/x/run-3", 9, True)
    assert again.revision is not None and again.revision["thread"] == 9, "the pull request that it goes on in"
