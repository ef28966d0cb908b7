"""The live part of the run page, and the front page: what they say, to whom, and that words of others are text."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from repositories.models import RepositoryLink
from runs.events import event_log
from runs.models import TaskRun
from runs.models.run_state import Status
from tests.factories import (
    MembershipFactory,
    ProjectFactory,
    RepositoryLinkFactory,
    TaskFactory,
    TaskRunFactory,
    UserFactory,
)
from tests.support.patience import SOON
from workspaces.models import Membership

pytestmark = pytest.mark.django_db
EVIL = "<script>alert(1)</script>"
SCRIPT = Path(__file__).parents[2] / "runs" / "static" / "runs" / "live.js"


@pytest.fixture
def operator() -> Membership:
    membership: Membership = MembershipFactory(user=UserFactory(is_staff=True), role="admin")
    return membership


@pytest.fixture
def browser(operator: Membership) -> Client:
    client = Client()
    client.force_login(operator.user)
    return client


def make_run(membership: Membership, status: Status, **fields: Any) -> TaskRun:
    project = ProjectFactory(workspace=membership.workspace)
    task = TaskFactory(workspace=membership.workspace, project=project, name=f"Task {EVIL}")
    run: TaskRun = TaskRunFactory(workspace=membership.workspace, task=task, status=status, **fields)
    return run


def now(run: TaskRun) -> str:
    return reverse("admin:runs_taskrun_now", args=[run.pk])


@pytest.mark.parametrize(
    ("status", "fields", "offered", "said"),
    [
        (Status.AWAITING_APPROVAL, {}, ["Approve", "Reject", "Cancel"], "approve or reject"),
        (Status.EXECUTING, {}, ["Cancel"], "writing and testing"),
        (Status.AWAITING_CHANGES, {}, ["Decide on changes", "Cancel"], "decide on the changes"),
        (Status.PAUSED, {"pause_reason": "question", "error": {"detail": "Which one?"}}, ["Resume", "Cancel"], "Which one?"),
        (Status.PAUSED, {"pause_reason": "budget", "error": {"hint": "Raise it."}}, ["Resume", "Cancel"], "Raise it."),
        (Status.FAILED, {"error": {"detail": "No.", "hint": "Start it."}}, ["Retry"], "No. Start it. Retry"),
        (Status.COMPLETED, {"pr_url": "https://git.example/o/r/pull/3"}, ["Retry"], "Review the pull request."),
        (Status.COMPLETED, {"results": {"pull_request_error": "No right."}}, ["Retry"], "No right."),
    ],
)
def test_each_state_says_what_to_do_next(
    operator: Membership, browser: Client, status: Status, fields: dict[str, Any], offered: list[str], said: str
) -> None:
    state = browser.get(now(make_run(operator, status, **fields))).json()["state"]
    assert [entry["title"] for entry in state["actions"]] == offered
    assert said in state["next"]


def test_only_web_addresses_become_links(operator: Membership, browser: Client) -> None:
    run = make_run(operator, Status.COMPLETED, pr_url="javascript:alert(1)", branch_name=EVIL, results={"conflict": [EVIL]})
    facts = {fact["name"]: fact for fact in browser.get(now(run)).json()["state"]["facts"]}
    assert (facts["Pull request"]["url"], facts["Conflict"]["text"]) == ("", EVIL)
    text = browser.get(reverse("admin:runs_taskrun_change", args=[run.pk])).content.decode()
    assert EVIL not in text
    assert 'href="javascript:' not in text
    assert "runs/live.js" in text


def test_events_after_a_number_and_of_ones_own_tenants_alone(operator: Membership, browser: Client) -> None:
    run = make_run(operator, Status.EXECUTING)
    for n in range(3):
        event_log.record(run, "role_message", {"role": "engineer", "action": "WriteCode"}, f"Event {n}")
    found = browser.get(now(run), {"after": "1"}).json()["events"]
    assert [(event["seq"], event["message"]) for event in found] == [(2, "Event 1"), (3, "Event 2")]
    assert browser.get(now(run), {"after": "x"}).json()["events"][0]["seq"] == 1
    assert browser.get(now(make_run(MembershipFactory(role="owner"), Status.EXECUTING))).status_code == 404
    assert Client().get(now(run)).status_code == 302


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_script_makes_text_of_what_it_hears_and_comes_back_where_it_was() -> None:
    probe = Path(__file__).with_name("live_probe.js")
    done = subprocess.run(["node", str(probe), str(SCRIPT)], capture_output=True, text=True, timeout=SOON)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["cells"] == ["6", "12:00:00", "role_message", EVIL]
    assert seen["log"].endswith(EVIL)
    assert seen["sockets"] == ["wss://mgx.example/ws/runs/r?after=5", "wss://mgx.example/ws/runs/r?after=7"]
    assert seen["buttons"] == ["/admin/x"]
    assert seen["html"] == 0


def test_the_front_page_says_what_needs_a_person_and_costs_the_same_for_many(operator: Membership, browser: Client) -> None:
    def fill() -> None:
        make_run(operator, Status.AWAITING_APPROVAL)
        make_run(operator, Status.FAILED, completed_at=timezone.now(), error={"detail": f"It broke {EVIL}"})
        make_run(operator, Status.FAILED, completed_at=timezone.now() - timedelta(days=9), error={"detail": "Long ago"})
        RepositoryLinkFactory(
            workspace=operator.workspace, project=ProjectFactory(workspace=operator.workspace), last_error=EVIL,
            status=RepositoryLink.Status.ERROR, repo_full_name=f"o/{EVIL}",
        )  # fmt: skip

    fill()
    make_run(MembershipFactory(role="owner"), Status.FAILED, completed_at=timezone.now(), error={"detail": "Of others"})
    browser.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as few:
        answer = browser.get(reverse("admin:index"))
    text = answer.content.decode()
    assert dict(answer.context["overview"]["figures"])["Waiting for a person"] == 1
    assert "It broke" in text
    assert "Long ago" not in text
    assert "Of others" not in text
    assert EVIL not in text
    for _ in range(3):
        fill()
    with CaptureQueriesContext(connection) as many:
        browser.get(reverse("admin:index"))
    assert len(many) == len(few) <= 14
