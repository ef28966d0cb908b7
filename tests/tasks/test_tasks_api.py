"""Tasks over HTTP."""

from __future__ import annotations

import threading
from hashlib import sha256
from typing import Any

import pytest
from django.core import signing
from django.db import connection

from tasks.models import Task
from tests.conftest import Api, CallerInTests, MakeCaller
from tests.factories import ProjectFactory, TaskFactory, TaskRunFactory
from workspaces.models import Role

TEXT = "Create a FastAPI health endpoint\nwith a test"


@pytest.mark.django_db
def test_a_description_is_enough(owner: CallerInTests) -> None:
    answer = owner.api.post("/api/tasks", {"description": TEXT})
    body = answer.json()
    assert answer.status_code == 201, body
    assert body["name"] == "Create a FastAPI health endpoint"
    assert (body["stack"], body["output_mode"], body["status"]) == ("auto", "generate_new", "pending")
    assert (body["max_rounds"], body["max_revision_rounds"], body["source"]) == (5, 2, "api")
    assert body["runs"] == {"total": 0, "succeeded": 0, "failed": 0}
    assert body["success_rate"] is None
    assert owner.api.get(f"/api/projects/{body['project_id']}").json()["slug"] == "default"
    assert owner.api.get(f"/api/tasks/{body['id']}").json() == body


@pytest.mark.django_db
@pytest.mark.parametrize("description", ["", "   \n\t ", None])
def test_an_empty_description_is_refused(owner: CallerInTests, description: str | None) -> None:
    answer = owner.api.post("/api/tasks", {"description": description})
    assert answer.status_code == 400
    assert "plain words" in answer.json()["detail"]


@pytest.mark.django_db
def test_an_unknown_stack_is_refused_with_the_known_ones(owner: CallerInTests) -> None:
    answer = owner.api.post("/api/tasks", {"description": TEXT, "stack": "cobol"})
    assert answer.status_code == 400
    assert "fastapi" in answer.json()["detail"]
    assert "nextjs" in answer.json()["detail"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"max_rounds": 0}, {"max_rounds": 101}, {"max_revision_rounds": 51}, {"output_mode": "x"}, {"constraints": "none"},
        {"config": []}, {"priority": 10**9}, {"nmae": "typo"}, {"project_id": "x"}, {"repository_id": "x"}, {"name": "x" * 201},
    ],
)  # fmt: skip
def test_what_is_out_of_bounds_is_named(owner: CallerInTests, wrong: dict[str, Any]) -> None:
    answer = owner.api.post("/api/tasks", {"description": TEXT} | wrong)
    assert answer.status_code == 400
    assert next(iter(wrong)) in answer.json()["detail"]


@pytest.mark.django_db
def test_a_task_takes_its_projects_stack_unless_it_says_auto(owner: CallerInTests) -> None:
    project = ProjectFactory(workspace=owner.workspace, default_stack="nextjs")
    body = {"description": TEXT, "project_id": str(project.pk)}
    assert owner.api.post("/api/tasks", body).json()["stack"] == "nextjs"
    assert owner.api.post("/api/tasks", body | {"stack": "auto"}).json()["stack"] == "auto"
    made = owner.api.post("/api/tasks", body | {"stack": "none"}).json()
    assert made["stack"] == "none"
    assert owner.api.get(f"/api/tasks/{made['id']}").json()["stack"] == "none"


@pytest.mark.django_db
def test_a_project_of_another_tenant_does_not_exist(owner: CallerInTests, stranger: CallerInTests) -> None:
    foreign = ProjectFactory(workspace=stranger.workspace)
    assert owner.api.post("/api/tasks", {"description": TEXT, "project_id": str(foreign.pk)}).status_code == 404


@pytest.mark.django_db
def test_the_success_rate_counts_finished_runs(owner: CallerInTests) -> None:
    task = TaskFactory(workspace=owner.workspace, runs_total=5, runs_succeeded=3, runs_failed=1)
    body = owner.api.get(f"/api/tasks/{task.pk}").json()
    assert (body["runs"], body["success_rate"]) == ({"total": 5, "succeeded": 3, "failed": 1}, 0.75)


@pytest.mark.django_db
def test_developers_write_tasks_and_viewers_read_them(owner: CallerInTests, make_caller: MakeCaller) -> None:
    viewer, developer = make_caller(Role.VIEWER, owner.workspace), make_caller(Role.DEVELOPER, owner.workspace)
    path = f"/api/tasks/{developer.api.post('/api/tasks', {'description': TEXT}).json()['id']}"
    assert viewer.api.get(path).status_code == 200
    refused = (viewer.api.post("/api/tasks", {"description": TEXT}), viewer.api.patch(path, {}), viewer.api.delete(path))
    assert {answer.status_code for answer in refused} == {403}
    assert developer.api.patch(path, {"stack": "auto", "name": "New"}).json()["name"] == "New"
    assert developer.api.delete(path).status_code == 204


@pytest.mark.django_db
def test_filters_narrow_the_list_and_unknown_ones_are_refused(owner: CallerInTests) -> None:
    project = ProjectFactory(workspace=owner.workspace)
    wanted = TaskFactory(workspace=owner.workspace, project=project, name="Payment API", status="failed")
    TaskFactory(workspace=owner.workspace)
    for query in (f"project_id={project.pk}", "status=failed", "q=payment"):
        assert [t["id"] for t in owner.api.get(f"/api/tasks?{query}").json()["items"]] == [str(wanted.pk)]
    for query in ("state=failed", "status=lost", "project_id=x", "limit=0", "limit=201", "limit=x", "order=name", "q=%00"):
        assert owner.api.get(f"/api/tasks?{query}").status_code == 400, query


@pytest.mark.django_db
def test_options_describe_a_new_task_to_viewers_as_well(owner: CallerInTests, make_caller: MakeCaller) -> None:
    answer = make_caller(Role.VIEWER, owner.workspace).api.options("/api/tasks")
    assert answer.status_code == 200, answer.content
    assert "description" in answer.json()["actions"]["POST"]


@pytest.mark.django_db
@pytest.mark.parametrize("order", ["-created_at", "created_at"])
def test_pages_hold_every_task_once_though_new_ones_come(owner: CallerInTests, order: str) -> None:
    made = [str(TaskFactory(workspace=owner.workspace, project__workspace=owner.workspace).pk) for _ in range(7)]
    seen: list[str] = []
    path = f"/api/tasks?limit=3&order={order}"
    page = owner.api.get(path).json()
    while True:
        seen += [task["id"] for task in page["items"]]
        if not page["next_cursor"]:
            break
        if order == "-created_at":
            TaskFactory(workspace=owner.workspace)
        page = owner.api.get(f"{path}&cursor={page['next_cursor']}").json()
    assert seen == (made if order == "created_at" else made[::-1])


@pytest.mark.django_db
def test_a_cursor_of_another_server_filter_or_order_is_refused(owner: CallerInTests) -> None:
    for _ in range(3):
        TaskFactory(workspace=owner.workspace)
    cursor = owner.api.get("/api/tasks?limit=1").json()["next_cursor"]
    tampered = cursor[:-2] + ("aa" if not cursor.endswith("aa") else "bb")
    for query in (
        {"cursor": tampered},
        {"cursor": "x"},
        {"cursor": cursor, "status": "pending"},
        {"cursor": cursor, "order": "created_at"},
    ):
        assert owner.api.get("/api/tasks", {"limit": 1} | query).status_code == 400, query
    assert owner.api.get("/api/tasks", {"limit": 2, "cursor": cursor}).status_code == 200


@pytest.mark.django_db
def test_a_cursor_of_one_list_is_refused_by_every_other(owner: CallerInTests, make_caller: MakeCaller) -> None:
    for caller in (owner, other := make_caller()):
        for _ in range(2):
            TaskRunFactory(workspace=caller.workspace, task=TaskFactory(workspace=caller.workspace))
            ProjectFactory(workspace=caller.workspace)
    lists = ("/api/tasks", "/api/runs", "/api/projects", "/api/audit", "/api/tokens", "/api/budgets", "/api/metrics")
    cursors = {path: owner.api.get(path, {"limit": 1}).json()["next_cursor"] for path in lists[:3]}
    for made_by, cursor in cursors.items():
        for path in lists:
            answer = owner.api.get(path, {"limit": 1, "cursor": cursor})
            assert answer.status_code == (200 if path == made_by else 400), (made_by, path)
        assert owner.api.get(f"{made_by}/", {"limit": 1, "cursor": cursor}).status_code == 200
        assert other.api.get(made_by, {"limit": 1, "cursor": cursor}).status_code == 400, "another workspace's list"
        refused = owner.api.get(made_by, {"limit": 1, "cursor": cursor, "order": "created_at"})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "cursor")


@pytest.mark.django_db
def test_a_cursor_of_an_earlier_version_goes_on(owner: CallerInTests) -> None:
    """Clients keep cursors over an update of the server: what is signed may not change."""
    older, last = (TaskFactory(workspace=owner.workspace) for _ in range(2))
    binding = sha256(b"order=-created_at").hexdigest()[:16]
    cursor = signing.dumps([last.created_at.isoformat(), str(last.pk), binding], salt="mgx.cursor")
    page = owner.api.get("/api/tasks", {"cursor": cursor}).json()
    assert [task["id"] for task in page["items"]] == [str(older.pk)]


@pytest.mark.django_db
def test_the_total_is_counted_when_asked(owner: CallerInTests) -> None:
    TaskFactory(workspace=owner.workspace)
    assert "total" not in owner.api.get("/api/tasks").json()
    assert owner.api.get("/api/tasks?count=true").json()["total"] == 1


@pytest.mark.django_db
def test_paths_work_with_a_slash_at_the_end(owner: CallerInTests) -> None:
    made = owner.api.post("/api/tasks/", {"description": TEXT})
    assert made.status_code == 201
    assert owner.api.get(f"/api/tasks/{made.json()['id']}/").status_code == 200


@pytest.mark.django_db
def test_a_body_that_is_no_json_object_is_refused(owner: CallerInTests) -> None:
    for body, status in (
        ("{", 400),
        ("[]", 400),
        ('"x"', 400),
        ('{"description": "a\\u0000b"}', 400),
        ("1", 400),
        ("null", 400),
    ):
        assert owner.api.post("/api/tasks", body, content_type="application/json").status_code == status, body
    assert owner.api.post("/api/tasks", "a=b", content_type="application/x-www-form-urlencoded").status_code == 415
    large = '{"description": "' + "x" * 3_000_000 + '"}'
    assert owner.api.post("/api/tasks", large, content_type="application/json").status_code == 413


@pytest.mark.django_db
def test_the_same_key_and_body_is_the_same_task(owner: CallerInTests) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = owner.api.post("/api/tasks", {"description": TEXT}, headers=headers)
    again = owner.api.post("/api/tasks/", {"description": TEXT}, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    other = owner.api.post("/api/tasks", {"description": "Something else"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    assert owner.api.get("/api/tasks?count=true").json()["total"] == 1


@pytest.mark.django_db
def test_a_refused_request_does_not_use_its_key_up(owner: CallerInTests) -> None:
    headers = {"Idempotency-Key": "k2"}
    assert owner.api.post("/api/tasks", {"description": ""}, headers=headers).status_code == 400
    assert owner.api.post("/api/tasks", {"description": TEXT}, headers=headers).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_the_same_request_many_times_at_once_makes_one_task(owner: CallerInTests) -> None:
    answers: list[Any] = []

    def send() -> None:
        api = Api()
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {owner.token}")
        answers.append(api.post("/api/tasks", {"description": TEXT}, headers={"Idempotency-Key": "same"}))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.django_db
def test_the_stack_catalogue_lists_all_ten(owner: CallerInTests) -> None:
    items = owner.api.get("/api/stacks").json()["items"]
    assert len(items) == 10
    assert next(s for s in items if s["id"] == "fastapi")["has_starter"] is True
    assert next(s for s in items if s["id"] == "fastapi")["tools"]["black"] is True
    assert all(s["tools"] and all(isinstance(here, bool) for here in s["tools"].values()) for s in items)


@pytest.mark.django_db
def test_developers_delete_only_their_own_tasks_that_never_ran(owner: CallerInTests, make_caller: MakeCaller) -> None:
    developer = make_caller(Role.DEVELOPER, workspace=owner.workspace)
    theirs = owner.api.post("/api/tasks", {"description": "of the owner"}).json()["id"]
    assert developer.api.delete(f"/api/tasks/{theirs}").status_code == 403
    mine = developer.api.post("/api/tasks", {"description": "mine"}).json()["id"]
    Task.objects.for_workspace(owner.workspace.pk).filter(pk=mine).update(runs_total=1)
    assert developer.api.delete(f"/api/tasks/{mine}").status_code == 403
    Task.objects.for_workspace(owner.workspace.pk).filter(pk=mine).update(runs_total=0)
    assert developer.api.delete(f"/api/tasks/{mine}").status_code == 204
    assert owner.api.delete(f"/api/tasks/{theirs}").status_code == 204
    entries = owner.api.get("/api/audit", {"object_type": "task"}).json()["items"]  # the newest first
    assert [entry["action"] for entry in entries] == ["task.deleted"] * 2 + ["task.created"] * 2
