"""The pages about runs: whose rows they show, what they offer to whom, and hostile text as text."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mgx_project.common import clock
from projects.models import Project
from runs.models import TaskRun
from runs.models.run_state import STATES, RunAction, Status
from tests.conftest import CallerInTests, MakeCaller
from tests.factories import MembershipFactory, ProjectFactory, RepositoryLinkFactory, TaskFactory, TaskRunFactory
from workspaces.models import Departure, Membership, ModelConnection, Role, Workspace

pytestmark = pytest.mark.django_db
EVIL = '</script><script>alert("x")</script><img src=x onerror=alert(1)>'
PLAN = {"summary": f"Do {EVIL}", "steps": [{"title": EVIL, "files": [EVIL], "kind": EVIL}], "estimate": {"cost_usd": "0.5"}}


def browser_of(caller: CallerInTests) -> Client:
    client = Client(headers={"Accept": "text/html"})
    client.force_login(caller.user)
    return client


def make_run(
    workspace: Workspace, status: Status = Status.AWAITING_APPROVAL, name: str = "Raise prices", **fields: Any
) -> TaskRun:
    task = TaskFactory(workspace=workspace, name=name, runs_total=fields.pop("runs_total", 1))
    usual: dict[str, Any] = {"plan": PLAN, "plan_version": 1, "run_number": 1, "project_id": task.project_id}
    run: TaskRun = TaskRunFactory(workspace=workspace, task=task, status=status, **{**usual, **fields})
    return run


def state_of(caller: CallerInTests, run: TaskRun) -> dict[str, Any]:
    found: dict[str, Any] = browser_of(caller).get(f"/runs/{run.pk}/state", headers={"X-Requested-With": "fetch"}).json()
    return found


def acts_of(caller: CallerInTests, run: TaskRun) -> dict[str, dict[str, Any]]:
    return {act["name"]: act for act in state_of(caller, run)["acts"]}


# the inbox


def test_programs_are_led_to_the_reference_of_the_api_and_people_to_the_inbox(owner: CallerInTests) -> None:
    for accept in ("", "*/*", "application/json"):
        assert Client().get("/", headers={"Accept": accept})["Location"] == "/docs"
    answer = browser_of(owner).get("/")
    assert "Nothing waits for you" in answer.content.decode()
    assert {"Accept", "Cookie"} <= {name.strip() for name in answer["Vary"].split(",")}


def test_the_inbox_has_what_waits_in_all_workspaces_of_the_person(owner: CallerInTests, stranger: CallerInTests) -> None:
    second = MembershipFactory(user=owner.user).workspace
    make_run(owner.workspace, name="plan here")
    make_run(second, Status.AWAITING_CHANGES, name="changes there")
    error = {"code": "question", "detail": "Which currency?"}
    make_run(second, Status.PAUSED, name="asks", pause_reason="question", paused_from=Status.PLANNING, error=error)
    make_run(owner.workspace, Status.PAUSED, name="no money", pause_reason="budget", paused_from=Status.EXECUTING)
    make_run(owner.workspace, Status.FAILED, name="broke", error={"code": "x", "detail": "No tests."})
    make_run(owner.workspace, Status.EXECUTING, name="at work")
    make_run(owner.workspace, Status.COMPLETED, name="is done")
    make_run(stranger.workspace, name="of others")
    text = browser_of(owner).get("/").content.decode()
    for shown in ("plan here", "Plan to approve", "changes there", "Changes to review", "Question", "Which currency?"):
        assert shown in text
    for shown in ("no money", "Budget reached", "broke", "No tests.", "$0 spent, about $0.50 to come", owner.workspace.name):
        assert shown in text
    for hidden in ("at work", "is done", "of others"):
        assert hidden not in text
    assert text.index("broke") > max(text.index(name) for name in ("plan here", "changes there", "asks", "no money"))


def test_a_failure_leaves_the_inbox_when_it_is_tried_again_and_after_a_week(owner: CallerInTests) -> None:
    make_run(owner.workspace, Status.FAILED, name="tried again", runs_total=2)
    old = make_run(owner.workspace, Status.FAILED, name="long ago")
    TaskRun.across_tenants.filter(pk=old.pk).update(updated_at=clock.now() - timedelta(days=8))
    text = browser_of(owner).get("/").content.decode()
    assert "tried again" not in text and "long ago" not in text


def test_what_waits_longest_comes_first(owner: CallerInTests) -> None:
    for days, name in ((1, "second"), (3, "first"), (0, "third")):
        run = make_run(owner.workspace, name=name)
        TaskRun.across_tenants.filter(pk=run.pk).update(updated_at=clock.now() - timedelta(days=days))
    text = browser_of(owner).get("/").content.decode()
    assert text.index(">first<") < text.index(">second<") < text.index(">third<")


def test_who_may_not_approve_is_told_so(owner: CallerInTests, make_caller: MakeCaller) -> None:
    make_run(owner.workspace)
    developer = make_caller(Role.DEVELOPER, owner.workspace)
    assert "Somebody with the right to approve" in browser_of(developer).get("/").content.decode()
    assert "data-approvable" in browser_of(owner).get("/").content.decode()
    Project.objects.for_workspace(owner.workspace.pk).update(approval_policy=Project.ApprovalPolicy.DEVELOPERS)
    assert "data-approvable" in browser_of(developer).get("/").content.decode()


def test_the_script_gets_the_list_alone_and_sockets_go_on_where_the_page_ends(owner: CallerInTests) -> None:
    Workspace.objects.filter(pk=owner.workspace.pk).update(event_position=41)
    client = browser_of(owner)
    part = client.get("/", headers={"X-Requested-With": "fetch"}).content.decode()
    assert "Nothing waits for you" in part and "<html" not in part
    text = client.get("/").content.decode()
    (found,) = re.findall(r'<script id="sockets" type="application/json">(.*?)</script>', text)
    (socket,) = json.loads(found)
    assert socket["after"] == 41 and f"workspace={owner.workspace.pk}" in socket["path"]


def test_a_session_from_before_a_departure_does_not_open_the_workspace_again(owner: CallerInTests) -> None:
    """As the API does: who was removed and is invited again signs in again."""
    run = make_run(owner.workspace)
    client = browser_of(owner)
    assert client.get(f"/runs/{run.pk}").status_code == 200
    Membership.objects.filter(user=owner.user).delete()
    Departure.objects.filter(user=owner.user).update(at=clock.now() + timedelta(seconds=1))
    MembershipFactory(user=owner.user, workspace=owner.workspace)
    assert client.get(f"/runs/{run.pk}").status_code == 404
    assert "Raise prices" not in client.get("/").content.decode()


# a run's page


def test_hostile_text_is_text_on_every_page(owner: CallerInTests) -> None:
    run = make_run(owner.workspace, name=EVIL, error={"code": "x", "detail": EVIL, "hint": EVIL}, pr_url="javascript:alert(1)")
    run.task.description = EVIL
    run.task.save()
    Project.objects.for_workspace(owner.workspace.pk).update(name=EVIL)
    RepositoryLinkFactory(workspace=owner.workspace, project=run.task.project, repo_full_name=EVIL)
    ModelConnection.objects.create(workspace=owner.workspace, name=EVIL[:60], kind="offline")
    client = browser_of(owner)
    for path in ("/", f"/runs/{run.pk}", "/runs", f"/runs?q={EVIL}", "/tasks/new"):
        text = client.get(path).content.decode()
        assert "alert" in text, path
        assert "<script>alert" not in text and "<img src=x" not in text, path
        assert "javascript:" not in re.sub(r'<script id="state".*?</script>', "", text, flags=re.DOTALL)


def test_the_page_holds_the_row_as_the_api_has_it(owner: CallerInTests) -> None:
    run = make_run(owner.workspace)
    text = browser_of(owner).get(f"/runs/{run.pk}").content.decode()
    (found,) = re.findall(r'<script id="state" type="application/json">(.*?)</script>', text)
    in_page, by_api = json.loads(found)["run"], owner.api.get(f"/api/runs/{run.pk}").json()
    assert {name: value for name, value in in_page.items() if not name.endswith("_at")} == {
        name: value for name, value in by_api.items() if not name.endswith("_at")
    }
    assert state_of(owner, run)["run"] == by_api
    assert f'<h1 class="grow">{run.task.name}</h1>' in text


@pytest.mark.parametrize("status", Status)
def test_every_act_is_possible_as_the_state_says_or_has_a_reason(owner: CallerInTests, status: Status) -> None:
    run = make_run(
        owner.workspace, status, git_status="pushed", paused_from=Status.EXECUTING if status == Status.PAUSED else ""
    )
    acts = acts_of(owner, run)
    assert set(acts) == {*map(str, RunAction), "steer"}
    for action in RunAction:
        assert acts[action]["possible"] == (action in STATES[status].actions), action
    assert all(act["possible"] != bool(act["reason"]) for act in acts.values())


def test_acts_follow_the_role_as_the_api_does(owner: CallerInTests, make_caller: MakeCaller) -> None:
    run = make_run(owner.workspace)
    viewer, developer = (make_caller(role, owner.workspace) for role in (Role.VIEWER, Role.DEVELOPER))
    assert [name for name, act in acts_of(viewer, run).items() if act["possible"]] == []
    assert "requires the role admin" in acts_of(developer, run)["approve"]["reason"]
    assert developer.api.post(f"/api/runs/{run.pk}/approve", {"approved": True}).status_code == 403
    TaskRun.across_tenants.filter(pk=run.pk).update(created_by=developer.user)
    assert acts_of(developer, run)["cancel"]["possible"]
    assert developer.api.post(f"/api/runs/{run.pk}/cancel", {}).status_code == 200


@pytest.mark.parametrize("status", [Status.AWAITING_APPROVAL, Status.AWAITING_CHANGES, Status.DELIVERING, Status.COMPLETED])
def test_a_message_that_the_api_would_refuse_is_not_offered(owner: CallerInTests, status: Status) -> None:
    run = make_run(owner.workspace, status)
    assert not acts_of(owner, run)["steer"]["possible"]
    assert owner.api.post(f"/api/runs/{run.pk}/steer", {"message": "x"}).status_code == 409


def test_what_is_being_cancelled_is_not_cancelled_twice(owner: CallerInTests) -> None:
    run = make_run(owner.workspace, Status.EXECUTING, cancel_requested_at=clock.now())
    acts = acts_of(owner, run)
    assert acts["cancel"]["reason"] == acts["steer"]["reason"] == "The run is being cancelled."


# the list, and the form


def test_the_list_is_searched_filtered_and_paged(owner: CallerInTests) -> None:
    other = ProjectFactory(workspace=owner.workspace, name="Other")
    runs = [make_run(owner.workspace, name=f"task {number:03}") for number in range(53)]
    done = make_run(owner.workspace, Status.COMPLETED, name="Finished well")
    done.task.project = other
    done.task.save()
    client = browser_of(owner)

    def names(query: str) -> list[str]:
        return re.findall(r'class="name" href="[^"]+">([^<]+)</a>', client.get(f"/runs{query}").content.decode())

    assert names("?q=finished") == names("?state=succeeded") == names(f"?project={other.pk}") == ["Finished well"]
    assert names(f"?q={done.pk}") == ["Finished well"]
    assert names("?q=nothing+of+this") == names("?q=%00") == []
    first = names("")
    (older,) = re.findall(r'href="(\?[^"]*before=[^"]+)">Older', client.get("/runs").content.decode())
    assert len(first) == 50 and names(older) == [run.task.name for run in reversed(runs[:4])]
    assert names("?state=no-such-state&project=x&before=y") == first


def test_the_form_offers_what_is_of_the_chosen_workspace(owner: CallerInTests, stranger: CallerInTests) -> None:
    RepositoryLinkFactory(workspace=owner.workspace, repo_full_name="acme/mine")
    RepositoryLinkFactory(workspace=owner.workspace, repo_full_name="acme/gone", status="disconnected")
    RepositoryLinkFactory(workspace=stranger.workspace, repo_full_name="acme/theirs")
    ModelConnection.objects.create(workspace=stranger.workspace, name="their-model", kind="offline")
    text = browser_of(owner).get("/tasks/new").content.decode()
    assert "acme/mine" in text and "fastapi" in text
    assert "acme/gone" not in text and "acme/theirs" not in text and "their-model" not in text


def test_a_viewer_is_told_why_there_is_no_form(owner: CallerInTests, make_caller: MakeCaller) -> None:
    text = browser_of(make_caller(Role.VIEWER, owner.workspace)).get("/tasks/new").content.decode()
    assert "requires the role developer" in text and "<textarea" not in text


# queries

BOUNDS = {"/": 5, "/runs": 5, "/tasks/new": 6, "/runs/{run}": 4, "/runs/{run}/state": 4}
"""The session, the person, the memberships, and what the page itself reads."""


@pytest.mark.parametrize("page", BOUNDS)
def test_a_page_costs_the_same_queries_for_one_row_and_for_many(owner: CallerInTests, page: str) -> None:
    run = make_run(owner.workspace)
    client = browser_of(owner)
    path = page.format(run=run.pk)
    counts = []
    for more in (1, 12):
        for number in range(more):
            make_run(owner.workspace)
            make_run(owner.workspace, Status.FAILED)
            MembershipFactory(user=owner.user)
            RepositoryLinkFactory(workspace=owner.workspace)
            ModelConnection.objects.create(workspace=owner.workspace, name=f"m{more}-{number}", kind="offline")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= BOUNDS[page], [each["sql"][:120] for each in queries.captured_queries]
