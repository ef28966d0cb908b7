"""Projects over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.models import Task
from tests.conftest import CallerInTests, MakeCaller
from tests.factories import ProjectFactory, TaskFactory
from workspaces.models import Role

pytestmark = pytest.mark.django_db


def test_a_name_is_enough(owner: CallerInTests) -> None:
    answer = owner.api.post("/api/projects", {"name": "Billing Service"})
    body = answer.json()
    assert answer.status_code == 201, body
    assert (body["slug"], body["workspace_id"]) == ("billing-service", str(owner.workspace.pk))
    assert body["run_branch_prefix"] == "mgx"
    assert body["commit_template"] == "MGX Task: {task_name} - Run #{run_number}"
    assert owner.api.get("/api/projects?slug=billing-service").json()["items"] == [body]


def test_a_project_can_be_of_no_stack(owner: CallerInTests) -> None:
    project = owner.api.post("/api/projects", {"name": "Scripts", "default_stack": "none"}).json()
    assert project["default_stack"] == "none"
    task = owner.api.post("/api/tasks", {"description": "Rename the photos", "project_id": project["id"]}).json()
    assert task["stack"] == "none"


def test_a_slug_is_single_in_its_workspace_only(owner: CallerInTests, stranger: CallerInTests) -> None:
    body = {"name": "A", "slug": "a"}
    assert owner.api.post("/api/projects", body).status_code == 201
    assert owner.api.post("/api/projects", body).status_code == 409
    assert stranger.api.post("/api/projects", body).status_code == 201
    other = owner.api.post("/api/projects", {"name": "B"}).json()
    assert owner.api.patch(f"/api/projects/{other['id']}", {"slug": "a"}).status_code == 409


def test_a_project_bounds_what_programs_begin(owner: CallerInTests) -> None:
    made = owner.api.post("/api/projects", {"name": "A"}).json()
    assert made["program_runs"] == 3
    for number, status in ((0, 200), (100, 200), (101, 400), (-1, 400), (None, 400)):
        answer = owner.api.patch(f"/api/projects/{made['id']}", {"program_runs": number})
        assert answer.status_code == status, (number, answer.json())
    assert owner.api.get(f"/api/projects/{made['id']}").json()["program_runs"] == 100


def test_a_project_may_always_ask_and_use_the_engineers_words(owner: CallerInTests) -> None:
    body = {"name": "A", "always_ask": True, "commit_template": "{subject}\n\n{body}\n\n{summary} {{x}}"}
    project = owner.api.post("/api/projects", body).json()
    assert {name: project[name] for name in body} == body
    path = f"/api/projects/{project['id']}"
    assert owner.api.patch(path, {"always_ask": False}).json()["always_ask"] is False
    assert owner.api.post("/api/projects", {"name": "B"}).json()["always_ask"] is False
    refused = owner.api.patch(path, {"commit_template": "{author}"}).json()
    assert "{task_name}, {run_number}, {subject}, {body} and {summary}" in refused["errors"][0]["message"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"default_stack": "cobol"}, {"run_branch_prefix": "../x"}, {"run_branch_prefix": "a b"}, {"run_branch_prefix": "-x"},
        {"default_branch": "x.lock"}, {"default_branch": "a//b"}, {"commit_template": "{task_name.__class__}"},
        {"commit_template": "{other}"}, {"commit_template": "{"}, {"commit_template": "{task_name!r}"}, {"slug": "ä"},
        {"approval_policy": "nobody"}, {"metadata": []},
    ],
)  # fmt: skip
def test_settings_that_would_break_a_run_are_refused(owner: CallerInTests, wrong: dict[str, Any]) -> None:
    answer = owner.api.post("/api/projects", {"name": "A"} | wrong)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, next(iter(wrong)))


@pytest.mark.parametrize(
    ("commands", "said"),
    [
        ({"ecosystems": {"node": {"test": "npm test"}}, "parts": {"web": {"ecosystems": {"python": {"lint": "ruff"}}}}}, ""),
        ({"ecosystems": {"cobol": {"test": "make"}}}, "There is no ecosystem 'cobol'."),
        ({"ecosystems": ["node"]}, "`ecosystems` must be an object of objects"),
        ({"parts": {"web": {"ecosystems": {"node": {"deploy": "x"}}}}}, "There is no kind of command 'deploy'."),
        ({"parts": {"web": {"ecosystems": {"node": {"test": ""}}}}}, "The command `test` must be one line"),
    ],
)
def test_a_command_may_be_for_one_language(owner: CallerInTests, commands: dict[str, Any], said: str) -> None:
    answer = owner.api.post("/api/projects", {"name": "A", "commands": commands})
    if said:
        assert answer.status_code == 400
        assert said in str(answer.json()["errors"][0])
    else:
        assert (answer.status_code, answer.json()["commands"]) == (201, commands)


def test_the_default_project_stays(owner: CallerInTests) -> None:
    default = owner.api.get("/api/projects?slug=default").json()["items"][0]
    path = f"/api/projects/{default['id']}"
    assert owner.api.delete(path).status_code == 409
    assert owner.api.patch(path, {"slug": "main"}).status_code == 409
    assert owner.api.patch(path, {"name": "Main"}).json()["name"] == "Main"


def test_a_deleted_project_takes_its_tasks_along(owner: CallerInTests) -> None:
    project = ProjectFactory(workspace=owner.workspace)
    TaskFactory(workspace=owner.workspace, project=project)
    assert owner.api.delete(f"/api/projects/{project.pk}").status_code == 204
    assert not Task.objects.for_workspace(owner.workspace.pk).exists()
    assert owner.api.get("/api/audit?action=project.deleted").json()["items"][0]["detail"]["slug"] == project.slug


def test_admins_write_projects_and_developers_read_them(owner: CallerInTests, make_caller: MakeCaller) -> None:
    developer = make_caller(Role.DEVELOPER, owner.workspace)
    path = f"/api/projects/{owner.api.post('/api/projects', {'name': 'A'}).json()['id']}"
    assert developer.api.get(path).status_code == 200
    refused = (developer.api.post("/api/projects", {"name": "B"}), developer.api.patch(path, {}), developer.api.delete(path))
    assert {answer.status_code for answer in refused} == {403}
