"""Two people decide at once: the same decision is the same answer, another one is 409 with what stands and who said it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from runs.lifecycle import change_set
from runs.models import Approval, ChangeRound, SteerMessage, TaskRun
from runs.models.run_state import Status
from tests.factories import ProjectFactory, TaskFactory, TaskRunFactory
from workspaces.models import Event, Membership, Role

from ..conftest import CallerInTests, MakeCaller

pytestmark = pytest.mark.django_db

PLAN: dict[str, Any] = {
    "summary": "Skip prices that are None",
    "steps": [{"title": "Filter", "files": ["shop/prices.py"], "kind": "change", "why": ""}],
    "risks": [],
    "test_strategy": "pytest",
    "questions": [],
    "estimate": {"tokens": 4_000, "cost_usd": None, "seconds": 50, "basis": "a rough guess"},
    "project": {
        "facts": [],
        "commands": [{"directory": "", "ecosystem": "python", "kind": "test", "command": "pytest", "evidence": "README"}],
    },
}
MINE = {**PLAN, "summary": "Ada's plan"}
THEIRS = {**PLAN, "summary": "Bob's plan"}
FASTER: dict[str, Any] = {
    **PLAN,
    "project": {"facts": [], "commands": [{**PLAN["project"]["commands"][0], "command": "pytest -x"}]},
}


@pytest.fixture
def ada(owner: CallerInTests) -> CallerInTests:
    return owner


@pytest.fixture
def bob(owner: CallerInTests, make_caller: MakeCaller) -> CallerInTests:
    return make_caller(Role.ADMIN, workspace=owner.workspace)


def make_run(caller: CallerInTests, status: Status = Status.AWAITING_APPROVAL, **fields: Any) -> TaskRun:
    task = TaskFactory(workspace=caller.workspace, project=ProjectFactory(workspace=caller.workspace))
    given = {"plan": PLAN, "plan_version": 1, "created_by": caller.user, **fields}
    run: TaskRun = TaskRunFactory(workspace=caller.workspace, task=task, status=status, **given)
    return run


@pytest.fixture
def run(ada: CallerInTests) -> TaskRun:
    return make_run(ada)


def events(run: TaskRun) -> list[str]:
    return list(
        Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk).order_by("seq").values_list("type", flat=True)
    )


def act(caller: CallerInTests, run: TaskRun, action: str, **body: Any) -> Any:
    return caller.api.post(f"/api/runs/{run.pk}/{action}", body)


def stands(answer: Any, type: str, by: CallerInTests, *words: str) -> dict[str, Any]:
    """Asserts that ``answer`` refuses, and says in a sentence and in fields what ``by`` decided."""
    document: dict[str, Any] = answer.json()
    assert answer.status_code == 409, document
    standing: dict[str, Any] = document["decision"]
    assert (standing["type"], standing["by"]) == (type, by.user.get_username())
    assert standing["at"].endswith("Z") and standing["at"][:10] in document["detail"]
    for word in (by.user.get_username(), *words):
        assert word in document["detail"], document["detail"]
    return standing


# the plan

APPROVE: dict[str, Any] = {"approved": True}
END: dict[str, Any] = {"approved": False}
POST, PUT = ({"approved": False, "feedback": words} for words in ("Use POST.", "Use PUT."))
YES, NONE = ({"approved": True, "feedback": words} for words in ("Yes.", "Only None."))
OWN, OTHERS, AS_IT_WAS, QUICK = ({"approved": True, "plan": plan} for plan in (MINE, THEIRS, PLAN, FASTER))
SECOND: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "words of a rejection after a rejection": (POST, "rejected", PUT),
    "an end after a rejection with words": (POST, "rejected", END),
    "words after an end": (END, "rejected", PUT),
    "an approval after an end": (END, "rejected", APPROVE),
    "an approval after a rejection with words": (POST, "rejected", APPROVE),
    "a rejection after an approval": (APPROVE, "approved", PUT),
    "an end after an approval": (APPROVE, "approved", END),
    "an edited plan after an approval": (APPROVE, "approved", OTHERS),
    "another edited plan": (OWN, "approved", OTHERS),
    "the old plan after an edited one": (OWN, "approved", AS_IT_WAS),
    "another command": (QUICK, "approved", AS_IT_WAS),
    "words with an approval after one without": (APPROVE, "approved", YES),
    "other words with an approval": (YES, "approved", NONE),
}


def test_what_the_second_person_says_is_not_answered_200_and_lost(ada: CallerInTests, bob: CallerInTests) -> None:
    """With the version of the plan, which clients send, and without it."""
    for number, (case, (first, type, second)) in enumerate(SECOND.items()):
        run, version = make_run(ada), {"plan_version": 1} if number % 2 else {}
        assert act(ada, run, "approve", **first, **version).status_code == 200, case
        before = events(run)
        found = stands(act(bob, run, "approve", **second, **version), type, ada, first.get("feedback", ""))
        assert found["feedback"] == first.get("feedback", ""), case
        assert events(run) == before, case


@pytest.mark.parametrize("version", [{"plan_version": 1}, {}], ids=["with the version", "without it"])
def test_the_very_same_decision_is_the_same_answer_whoever_says_it(
    ada: CallerInTests, bob: CallerInTests, version: dict[str, Any]
) -> None:
    for decision in (APPROVE, YES, AS_IT_WAS, {**OWN, "feedback": " Yes. "}, QUICK, END, POST):
        run, body = make_run(ada), {**decision, **version}
        first = act(ada, run, "approve", **body)
        before = events(run)
        again = act(bob, run, "approve", **body)
        assert (again.status_code, again.json()["status"]) == (200, first.json()["status"]), (decision, again.json())
        assert events(run) == before
        assert Approval.across_tenants.filter(run=run).count() == 1


def test_a_decision_about_an_earlier_version_is_compared_with_what_was_decided_on_it(
    ada: CallerInTests, bob: CallerInTests, run: TaskRun
) -> None:
    act(ada, run, "approve", approved=False, feedback="Use POST.", plan_version=1)
    TaskRun.across_tenants.filter(pk=run.pk).update(status=Status.AWAITING_APPROVAL)  # the second plan is drafted
    assert act(bob, run, "approve", approved=False, feedback="Use POST.", plan_version=1).status_code == 200
    stands(act(bob, run, "approve", approved=False, feedback="Use PUT.", plan_version=1), "rejected", ada, "Use POST.")
    stands(act(bob, run, "approve", approved=True, plan_version=1), "rejected", ada, "Use POST.")
    assert act(bob, run, "approve", approved=True, plan_version=2).json()["status"] == "approved"


def test_a_version_that_somebody_edited_away_says_who_did(ada: CallerInTests, bob: CallerInTests, run: TaskRun) -> None:
    assert ada.api.patch(f"/api/runs/{run.pk}", {"plan": MINE}).status_code == 200
    answer = act(bob, run, "approve", approved=True, plan_version=1)
    stands(answer, "plan_edited", ada, "version 1", "version is 2")
    assert answer.json()["code"] == "stale_plan"


def test_an_edit_of_a_decided_plan_says_what_was_decided(ada: CallerInTests, bob: CallerInTests, run: TaskRun) -> None:
    act(ada, run, "approve", approved=True)
    stands(bob.api.patch(f"/api/runs/{run.pk}", {"plan": THEIRS}), "approved", ada)


# cancel, steer


def test_whoever_cancelled_first_stays_the_one(ada: CallerInTests, bob: CallerInTests) -> None:
    held = make_run(ada, Status.EXECUTING, lease_owner="w", lease_expires_at=timezone.now() + timedelta(minutes=5))
    for caller in (ada, bob):
        assert act(caller, held, "cancel").status_code == 200
    held.refresh_from_db()
    assert held.cancelled_by == ada.user.get_username()
    assert held.status == Status.EXECUTING
    stands(act(bob, held, "steer", message="Keep the old route."), "cancelled", ada)
    assert not SteerMessage.across_tenants.filter(run=held).exists()
    TaskRun.across_tenants.filter(pk=held.pk).update(status=Status.AWAITING_CHANGES, lease_expires_at=None)
    assert act(bob, held, "cancel").json()["status"] == "cancelled", "its worker came to an end before it saw the request"
    held.refresh_from_db()
    assert held.cancelled_by == ada.user.get_username()


@pytest.mark.parametrize("second", ["steer", "resume"])
def test_what_is_said_to_a_cancelled_run_says_who_cancelled_it(
    ada: CallerInTests, bob: CallerInTests, run: TaskRun, second: str
) -> None:
    act(ada, run, "cancel")
    assert act(bob, run, "cancel").status_code == 200
    stands(act(bob, run, second, message="Go on."), "cancelled", ada)
    stands(act(bob, run, "approve", approved=True), "cancelled", ada)


def test_a_cancel_after_an_end_says_who_ended_it(ada: CallerInTests, bob: CallerInTests, run: TaskRun) -> None:
    act(ada, run, "approve", approved=False)
    stands(act(bob, run, "cancel"), "rejected", ada)


# resume, and the answer to a question


def paused(caller: CallerInTests, reason: str = "budget") -> TaskRun:
    error = {"code": f"paused_{reason}", "detail": "Which prices?", "hint": ""}
    return make_run(
        caller, Status.PAUSED, paused_from=Status.PLANNING, pause_reason=reason, error=error, budget={"max_calls": 1}
    )


RESUMED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("question", {"message": "All of them."}, {"message": "Only None."}),
    ("question", {"message": "All of them."}, {}),
    ("provider", {}, {"message": "Use the small model."}),
    ("budget", {"budget": {"max_calls": 5}}, {"budget": {"max_calls": 9}}),
    ("budget", {"budget": {"max_calls": 5}}, {}),
    ("budget", {}, {"budget": {"max_calls": None}}),
]


def test_another_answer_is_refused_and_the_same_is_the_same_answer(ada: CallerInTests, bob: CallerInTests) -> None:
    for reason, first, second in RESUMED:
        run = paused(ada, reason)
        assert act(ada, run, "resume", **first).status_code == 200
        before = events(run)
        again = act(bob, run, "resume", **first)
        assert again.status_code == 200, again.json()
        stands(act(bob, run, "resume", **second), "resumed", ada, first.get("message", ""))
        assert events(run) == before


# the change


FILES = [{
    "path": path, "action": "modified", "added": 1, "removed": 1, "binary": False, "digest": "",
    "hunks": [{"number": n, "old_start": 9 * n, "old_count": 1, "new_start": 9 * n, "new_count": 1, "lines": ["-a", "+b"]}
              for n in range(2)],
} for path in ("a.py", "b.py")]  # fmt: skip
NOT_B = {"path": "b.py", "accepted": False, "comment": "Keep it."}
YES_B = {"path": "b.py", "hunk": 0, "accepted": True}


def make_gate(caller: CallerInTests) -> TaskRun:
    run = make_run(caller, Status.AWAITING_CHANGES)
    change_set.store(run, 1, FILES)
    ChangeRound.objects.create(workspace_id=run.workspace_id, run=run, number=1, tree="0" * 40)
    return run


@pytest.fixture
def gate(ada: CallerInTests) -> TaskRun:
    return make_gate(ada)


REVIEWED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"decisions": [NOT_B]}),
    ({}, {"comment": "Also the README."}),
    ({"decisions": [NOT_B]}, {}),
    ({"decisions": [NOT_B]}, {"decisions": [{**NOT_B, "comment": "Drop it."}]}),
    ({"decisions": [NOT_B]}, {"decisions": [YES_B]}),
    ({"comment": "Also the README."}, {}),
]


def test_another_decision_about_the_change_is_refused_and_the_same_is_not(ada: CallerInTests, bob: CallerInTests) -> None:
    """With the number of the round, which clients send, and without it."""
    for number, (first, second) in enumerate(REVIEWED):
        run, known = make_gate(ada), {"accept_rest": True, "done": True} | ({"round": 1} if number % 2 else {})
        assert act(ada, run, "changes", **first, **known).status_code == 200
        before = events(run)
        again = act(bob, run, "changes", **first, **known)
        assert again.status_code == 200, again.json()
        stands(act(bob, run, "changes", **second, **known), "changes_decided", ada)
        assert events(run) == before


def test_one_hunk_said_too_late_is_refused_and_the_same_is_not(ada: CallerInTests, bob: CallerInTests, gate: TaskRun) -> None:
    act(ada, gate, "changes", decisions=[NOT_B], accept_rest=True, done=True)
    path = f"/api/runs/{gate.pk}/changes/a.py"
    assert bob.api.post(path, {"hunk": 1, "accepted": True, "round": 1}).status_code == 200
    stands(bob.api.post(path, {"hunk": 1, "accepted": False, "round": 1}), "changes_decided", ada)


def test_a_decision_about_an_earlier_round_is_compared_with_what_was_decided_in_it(
    ada: CallerInTests, bob: CallerInTests, gate: TaskRun
) -> None:
    said = {"decisions": [NOT_B], "accept_rest": True, "done": True, "round": 1}
    act(ada, gate, "changes", **said)
    change_set.store(gate, 2, FILES)
    ChangeRound.objects.create(workspace_id=gate.workspace_id, run=gate, number=2, tree="0" * 40)
    TaskRun.across_tenants.filter(pk=gate.pk).update(status=Status.AWAITING_CHANGES)
    assert act(bob, gate, "changes", **said).status_code == 200
    answer = act(bob, gate, "changes", **{**said, "decisions": []})
    stands(answer, "changes_decided", ada)
    assert answer.json()["code"] == "stale_changes"
    current = ChangeRound.across_tenants.get(run=gate, number=2)
    assert (current.decisions, current.decided_at) == ({}, None)


def test_a_change_that_was_rejected_whole_ends_with_an_event_of_its_own(ada: CallerInTests, gate: TaskRun) -> None:
    act(ada, gate, "changes", decisions=[{**NOT_B, "path": file["path"], "comment": ""} for file in FILES], done=True)
    assert events(gate)[-2:] == ["changes_decided", "rejected"]


# continue and retry


def test_two_people_continue_one_run(ada: CallerInTests, bob: CallerInTests) -> None:
    ended = make_run(ada, Status.COMPLETED, git_status="pushed", branch_name="mgx/x/run-1")
    first = act(ada, ended, "continue", message="Cover empty lists.")
    assert first.status_code == 201, first.json()
    stands(act(bob, ended, "continue", message="Rename it."), "run_queued", ada, "Cover empty lists.")
    assert TaskRun.across_tenants.filter(parent_run=ended).count() == 1


def test_two_retries_never_move_one_branch(ada: CallerInTests, bob: CallerInTests) -> None:
    asked = {"kind": "continue", "asked": "Cover empty lists.", "threads": []}
    ended = make_run(ada, Status.FAILED, git_status="pushed", branch_name="mgx/x/run-1", revision=asked)
    assert act(ada, ended, "retry").status_code == 201
    stands(act(bob, ended, "retry", message="Rename it."), "run_queued", ada)


# the plan's own conditions


def test_two_edits_with_one_etag_are_one_edit(ada: CallerInTests, bob: CallerInTests, run: TaskRun) -> None:
    path = f"/api/runs/{run.pk}"
    seen = ada.api.get(path).headers["ETag"]
    first = ada.api.patch(path, {"plan": MINE}, headers={"If-Match": seen})
    assert first.status_code == 200 and first.headers["ETag"] != seen
    second = bob.api.patch(path, {"plan": THEIRS}, headers={"If-Match": seen})
    assert (second.status_code, second.json()["code"]) == (412, "precondition_failed")
    assert second.json()["decision"]["by"] == ada.user.get_username() in second.json()["detail"]
    run.refresh_from_db()
    assert (run.plan["summary"], run.plan_version) == ("Ada's plan", 2)
    assert bob.api.patch(path, {"plan": THEIRS}, headers={"If-Match": first.headers["ETag"]}).status_code == 200


def test_an_etag_is_old_when_the_run_was_decided(ada: CallerInTests, bob: CallerInTests, run: TaskRun) -> None:
    seen = ada.api.get(f"/api/runs/{run.pk}").headers["ETag"]
    act(ada, run, "approve", approved=True)
    assert bob.api.patch(f"/api/runs/{run.pk}", {"plan": THEIRS}, headers={"If-Match": seen}).status_code in (409, 412)


def test_the_same_edit_twice_is_one_version(ada: CallerInTests, run: TaskRun) -> None:
    for plan in (MINE, MINE, FASTER, FASTER):
        assert ada.api.patch(f"/api/runs/{run.pk}", {"plan": plan}).status_code == 200
    run.refresh_from_db()
    assert (run.plan_version, events(run)) == (3, ["plan_edited"] * 2)


OUTSIDE = [
    "/etc/passwd", "../other/x.py", "a/../../x.py", "a\\b.py", "C:x.py", "c:/x.py", "\\\\host\\share", "a\nb", ".git/config",
    "sub/.GIT/hooks/x", "git~1/config", ".git\u200c/config", "~/.ssh/id", "a//b", "./a", "", "link -> /etc/passwd", "a/con.txt",
    "x" * 256, "a/" * 600 + "b", "a ./b", ".mgx/backups/x",
]  # fmt: skip


@pytest.mark.parametrize("how", ["edit", "approve"])
def test_a_path_outside_of_the_root_is_refused_by_its_place(ada: CallerInTests, run: TaskRun, how: str) -> None:
    def send(plan: dict[str, Any]) -> Any:
        if how == "edit":
            return ada.api.patch(f"/api/runs/{run.pk}", {"plan": plan})
        return act(ada, run, "approve", approved=how == "approve", plan=plan)

    for path in OUTSIDE:
        answer = send(
            {**PLAN, "steps": [PLAN["steps"][0], {"title": "More", "files": ["shop/tax.py", path], "kind": "change"}]}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "unsafe_path"), (path, answer.json())
        assert answer.json()["errors"][0]["field"] == "plan.steps.1.files.1", path
    for directory in ("/srv", "../x", "a\\b", "C:x", ".git", "x/.git", "~x", "a/" * 200 + "b", "a\nb"):
        command = {**PLAN["project"]["commands"][0], "directory": directory}
        assert send({**PLAN, "project": {"facts": [], "commands": [command]}}).status_code == 400, directory
    assert send({**PLAN, "steps": [{"title": "More", "files": ["a\x00b"], "kind": "change"}]}).status_code == 400
    run.refresh_from_db()
    assert (run.status, run.plan, events(run)) == (Status.AWAITING_APPROVAL, PLAN, [])


def test_ordinary_paths_stay_what_they_are(ada: CallerInTests, run: TaskRun) -> None:
    files = ["src/", "src/**/*.py", "a b/c d.py", "[id]/page.tsx", "ünï/ß.py", ".github/workflows/ci.yml"]
    plan = {**PLAN, "steps": [{"title": "More", "files": files, "kind": "change"}]}
    answer = ada.api.patch(f"/api/runs/{run.pk}", {"plan": plan})
    assert answer.status_code == 200, answer.json()
    assert answer.json()["plan"]["steps"][0]["files"] == files


def test_a_path_that_the_team_wrote_is_no_reason_to_refuse_a_persons_edit(ada: CallerInTests) -> None:
    drafted = {**PLAN, "steps": [{"title": "Filter", "files": ["./shop/prices.py"], "kind": "change", "why": ""}]}
    run = make_run(ada, plan=drafted)
    assert ada.api.patch(f"/api/runs/{run.pk}", {"plan": {**drafted, "summary": "Mine."}}).status_code == 200


def test_an_edited_plan_that_comes_with_a_rejection_is_not_lost(ada: CallerInTests, run: TaskRun) -> None:
    for _ in range(2):
        assert act(ada, run, "approve", approved=False, feedback="Smaller.", plan=MINE, plan_version=1).status_code == 200
    run.refresh_from_db()
    assert (run.plan["summary"], run.status, events(run)) == ("Ada's plan", Status.PLANNING, ["plan_edited", "rejected"])


# in the admin


def test_the_admin_says_what_stands_to_who_comes_second(ada: CallerInTests, bob: CallerInTests, run: TaskRun) -> None:
    bob.user.is_staff = True
    bob.user.save()
    browser = Client()
    browser.force_login(bob.user)
    url: Callable[[str], str] = lambda name: reverse(f"admin:runs_taskrun_{name}", args=[run.pk])  # noqa: E731
    assert Membership.objects.filter(user=bob.user, role=Role.ADMIN).exists()
    assert browser.get(url("reject")).status_code == 200
    act(ada, run, "approve", approved=True, feedback="Go.")
    said = browser.post(url("reject"), {"feedback": "No.", "plan_version": "1"}, follow=True)
    text = said.content.decode()
    assert ada.user.get_username() in text and "Go." in text
    run.refresh_from_db()
    assert run.status == Status.APPROVED
    for name in ("approve", "resume", "cancel", "retry", "changes"):
        answer = browser.post(url(name), {"plan_version": "1", "round": "1"}, follow=True)
        assert answer.status_code == 200, name
    assert uuid.UUID(str(run.pk))
