"""The run page: it shows hostile text as text, and decides by POST only, with the rights of the operator's role."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mgx_project.common import clock
from repositories.models import RepositoryLink
from runs import artifacts
from runs.events import event_log
from runs.models import Artifact, OutgoingComment, RunStep, TaskRun
from runs.models.run_state import Status
from runs.notifications import replies
from tests.factories import (
    MembershipFactory,
    ProjectFactory,
    RepositoryLinkFactory,
    TaskFactory,
    TaskRunFactory,
    UserFactory,
)
from workspaces.models import AuditEntry, Membership

pytestmark = pytest.mark.django_db

EVIL = '<script>alert("x")</script>'
PLAN = {
    "summary": f"Do it {EVIL}",
    "steps": [{"title": f"Step {EVIL}", "files": [f"a{EVIL}.py"], "kind": "change", "why": f"Because {EVIL}"}],
    "risks": [EVIL],
    "test_strategy": EVIL,
    "questions": [f"Which one {EVIL}"],
    "estimate": {"tokens": 4_000, "cost_usd": None, "seconds": 50, "basis": "from 3 earlier runs"},
}


def page(run: TaskRun, name: str = "change") -> str:
    return reverse(f"admin:runs_taskrun_{name}", args=[run.pk])


@pytest.fixture
def operator() -> Membership:
    return MembershipFactory(user=UserFactory(is_staff=True), role="admin")


@pytest.fixture
def browser(operator: Membership) -> Client:
    client = Client()
    client.force_login(operator.user)
    return client


def make_run(membership: Membership, status: Status = Status.AWAITING_APPROVAL, **fields: Any) -> TaskRun:
    workspace = membership.workspace
    task = TaskFactory(workspace=workspace, project=ProjectFactory(workspace=workspace), name=f"Task {EVIL}")
    run: TaskRun = TaskRunFactory(workspace=workspace, task=task, status=status, plan=PLAN, plan_version=1, **fields)
    return run


def test_the_page_shows_plan_events_and_diff_as_text(operator: Membership, browser: Client) -> None:
    run = make_run(operator, error={"code": "x", "detail": EVIL, "hint": EVIL})
    for n in range(150):
        event_log.record(run, "role_message", {"role": "engineer", "action": "WriteCode"}, f"Event {n} {EVIL}")
    artifacts.store(
        run, "changes.diff", f"+added {EVIL}\n-removed\n".encode(), kind=Artifact.Kind.DIFF, content_type="text/x-diff"
    )
    text = browser.get(page(run)).content.decode()
    assert EVIL not in text
    assert "Event 149" in text
    assert "Event 49 " not in text
    assert "+added" in text
    assert "Do it" in text
    assert "Because &lt;script&gt;" in text
    assert "Open questions" in text
    assert "4,000 tokens, cost unknown, about 50 s (from 3 earlier runs)" in text


def test_the_page_says_where_the_time_went(operator: Membership, browser: Client) -> None:
    run = make_run(operator)
    for n in range(40):
        started = run.created_at + timedelta(seconds=n)
        RunStep.objects.create(
            workspace_id=run.workspace_id, run=run, key=f"execute/write/{n}{EVIL}", kind="model", input_digest="",
            started_at=started, finished_at=started + timedelta(seconds=n),
        )  # fmt: skip
    text = browser.get(page(run)).content.decode()
    assert EVIL not in text
    assert "execute/write/39" in text
    assert "execute/write/9&lt;" not in text
    assert "25 shorter steps are not shown." in text


def test_a_link_asks_and_a_post_decides(operator: Membership, browser: Client) -> None:
    run = make_run(operator)
    assert page(run, "approve") in browser.get(page(run)).content.decode()
    asked = browser.get(page(run, "approve"))
    assert asked.status_code == 200
    assert EVIL not in asked.content.decode()
    run.refresh_from_db()
    assert run.status == Status.AWAITING_APPROVAL
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator.user)
    assert strict.post(page(run, "approve"), {"plan_version": "1"}).status_code == 403
    assert browser.post(page(run, "approve"), {"plan_version": "1", "feedback": "Take the first"}).status_code == 302
    run.refresh_from_db()
    assert run.status == Status.APPROVED
    assert run.approvals.get().feedback == "Take the first"
    assert AuditEntry.across_tenants.filter(object_id=run.pk, user=operator.user).exists()


def test_rejecting_with_feedback_plans_again(operator: Membership, browser: Client) -> None:
    run = make_run(operator)
    browser.post(page(run, "reject"), {"plan_version": "1", "feedback": "Smaller, please"})
    run.refresh_from_db()
    assert run.status == Status.PLANNING
    assert run.approvals.get().feedback == "Smaller, please"


def test_a_plan_that_changed_meanwhile_is_not_approved(operator: Membership, browser: Client) -> None:
    run = make_run(operator)
    TaskRun.across_tenants.filter(pk=run.pk).update(plan_version=2)
    browser.post(page(run, "approve"), {"plan_version": "1"}, follow=True)
    run.refresh_from_db()
    assert run.status == Status.AWAITING_APPROVAL


def test_cancel_and_retry(operator: Membership, browser: Client) -> None:
    run = make_run(operator, Status.QUEUED)
    browser.post(page(run, "cancel"))
    run.refresh_from_db()
    assert run.status == Status.CANCELLED
    answer = browser.post(page(run, "retry"))
    child = TaskRun.across_tenants.get(parent_run=run)
    assert answer["Location"] == page(child)


def test_a_finished_run_is_continued_with_a_message(operator: Membership, browser: Client) -> None:
    run = make_run(operator, Status.COMPLETED, git_status="pushed", branch_name="mgx/x/run-1")
    assert page(run, "continue_run") in browser.get(page(run)).content.decode()
    assert "What should change on the run" in browser.get(page(run, "continue_run")).content.decode()
    browser.post(page(run, "continue_run"), {"feedback": "  "}, follow=True)
    assert not TaskRun.across_tenants.filter(parent_run=run).exists(), "what for?"
    answer = browser.post(page(run, "continue_run"), {"feedback": f"Say why {EVIL}"})
    child = TaskRun.across_tenants.get(parent_run=run)
    assert answer["Location"] == page(child)
    assert child.revision is not None and (child.branch_name, child.revision["asked"]) == (run.branch_name, f"Say why {EVIL}")
    assert AuditEntry.across_tenants.filter(object_id=run.pk, user=operator.user, action="run.continued").exists()


def test_a_retry_takes_feedback_for_its_plan(operator: Membership, browser: Client) -> None:
    run = make_run(operator, Status.FAILED)
    browser.post(page(run, "retry"), {"feedback": "Smaller, please"})
    child = TaskRun.across_tenants.get(parent_run=run)
    assert child.steer_messages.get().text == "Smaller, please"


def test_what_the_state_forbids_is_not_offered(operator: Membership, browser: Client) -> None:
    run = make_run(operator, Status.COMPLETED)
    text = browser.get(page(run)).content.decode()
    assert page(run, "retry") in text
    for name in ("approve", "reject", "cancel", "resume", "continue_run"):  # its work is on no branch
        assert page(run, name) not in text
        assert browser.get(page(run, name)).status_code == 403
        too_late = browser.post(page(run, name), follow=True).content.decode()
        assert ("Say what should change" if name == "continue_run" else f"Run #{run.run_number} is ") in too_late, name
    run.refresh_from_db()
    assert (run.status, TaskRun.across_tenants.count()) == (Status.COMPLETED, 1)


def test_a_run_of_another_tenant_can_not_be_decided(browser: Client) -> None:
    other = make_run(MembershipFactory(role="owner"))
    for name in ("approve", "reject", "cancel", "retry", "resume"):
        assert browser.post(page(other, name), {"plan_version": "1"}).status_code in {302, 403, 404}
    other.refresh_from_db()
    assert other.status == Status.AWAITING_APPROVAL


PROOF = {
    "status": "passed", "passed": 4, "failed": 0, "skipped": 1, "command": "uv run pytest -q",
    "baseline": {"status": "failed", "passed": 3, "failed": 1, "skipped": 1}, "fixed": [f"tests/test_a.py::test_{EVIL}"],
    "notes": [f"Not installed: some-driver>=3 ({EVIL})"], "new_tests": {"files": ["tests/test_b.py"], "failed": 1, "passed": 0},
    "coverage": {"percent": 87.5, "reason": ""},
    "proof": {"verdict": "partly proved", "missing": [f"Not installed: some-driver>=3 ({EVIL})"], "draft": False},
}  # fmt: skip


def test_the_page_and_the_list_say_what_is_proved_as_text(operator: Membership, browser: Client) -> None:
    run = make_run(operator, Status.COMPLETED, results={"tests": PROOF})
    text = browser.get(page(run)).content.decode()
    assert EVIL not in text
    for said in ("Partly proved", "Not installed: some-driver&gt;=3", "uv run pytest -q", "3 passed, 1 failed, 1 skipped",
                 "1 fail, 0 pass", "87.5 %", "test_&lt;script&gt;"):  # fmt: skip
        assert said in text, said
    listed = browser.get(reverse("admin:runs_taskrun_changelist")).content.decode()
    assert "partly proved" in listed


def test_results_of_older_servers_and_none_at_all_are_shown_as_far_as_they_go(operator: Membership, browser: Client) -> None:
    for results in ({}, {"tests": None}, {"tests": {"status": "unavailable", "reason": "No tests."}}):
        assert browser.get(page(make_run(operator, Status.COMPLETED, results=results))).status_code == 200
    assert "not tested: No tests." in browser.get(page(TaskRun.across_tenants.order_by("created_at").last())).content.decode()


def test_runs_that_workers_died_of_are_found_by_the_reason_of_their_pause(operator: Membership, browser: Client) -> None:
    died = make_run(operator, Status.PAUSED, pause_reason="worker", paused_from="planning")
    make_run(operator, Status.PAUSED, pause_reason="budget", paused_from="planning")
    found = browser.get(reverse("admin:runs_taskrun_changelist"), {"pause_reason": "worker"})
    assert [run.pk for run in found.context["cl"].result_list] == [died.pk]


def test_a_comment_that_was_given_up_is_found_and_posted_again_by_an_operator(operator: Membership, browser: Client) -> None:
    link: RepositoryLink = RepositoryLinkFactory(workspace=operator.workspace)

    def comment(key: str, **fields: Any) -> OutgoingComment:
        made: OutgoingComment = OutgoingComment.across_tenants.create(
            **{"workspace": operator.workspace, "link_id": link.pk, "key": key, "text": "Done.", **fields}
        )
        return made

    lost, sign = comment("lost"), comment("comment:7", form="reaction")
    sent, waiting = comment("sent", sent_at=clock.now()), comment("waiting", due_at=clock.now())
    told = comment("issue:7:labeled", form="reaction")  # only the status comment says it: nothing of its own is posted
    elsewhere = comment("lost too", link_id=uuid.uuid4())
    listed = browser.get(reverse("admin:runs_outgoingcomment_changelist"), {"given_up": "yes"})
    given_up = {row.pk for row in listed.context["cl"].result_list}
    assert given_up == {lost.pk, sign.pk, elsewhere.pk}
    assert {row.pk for row in OutgoingComment.across_tenants.all() if row.given_up} == given_up

    def again(row: OutgoingComment, by: Client) -> Any:
        return by.post(reverse("admin:runs_outgoingcomment_again", args=[row.pk]))

    stranger = Client()
    stranger.force_login(MembershipFactory(role="owner", user=UserFactory(is_staff=True)).user)
    assert again(lost, stranger).status_code in {302, 403, 404}
    assert [again(row, browser).status_code for row in (sent, waiting, told)] == [403] * 3
    assert again(elsewhere, browser).status_code == 302
    assert not replies.due().filter(pk=elsewhere.pk).exists(), "its repository is not linked, so nothing could be posted"
    assert not replies.due().filter(pk=lost.pk).exists()
    assert again(lost, browser).status_code == 302
    assert replies.due().filter(pk=lost.pk).exists()
    entry = AuditEntry.objects.for_workspace(operator.workspace_id).get(action="repository.comment_again")
    assert entry.detail["key"] == "lost" and entry.user == operator.user
