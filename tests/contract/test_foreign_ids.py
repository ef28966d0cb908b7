"""An id of another tenant in a body has no effect, whichever field names it."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework import serializers

from projects.models import Project
from repositories.models import RepositoryLink
from tasks.models import Task
from tests.conftest import CallerInTests
from tests.contract.routes import api_routes
from tests.factories import ProjectFactory, RepositoryLinkFactory, TaskFactory, TaskRunFactory
from workspaces.models import Budget, ModelConnection

from .test_bounded_bodies import inputs

pytestmark = pytest.mark.django_db
OF_THE_PRINCIPAL = {"user_id", "token_id"}


def id_fields() -> set[tuple[str, str]]:
    """(serializer, field) of every field of a body that takes an id."""
    api_routes()
    found: set[tuple[str, str]] = set()
    waiting: list[Any] = [serializers.Serializer]
    while waiting:
        for made in waiting.pop().__subclasses__():
            waiting.append(made)
            if made.__module__.split(".")[0] not in {"workspaces", "projects", "tasks", "repositories", "runs", "metrics"}:
                continue
            if made in BODIES or made in inputs():
                for name, field in made().fields.items():
                    related = isinstance(field, serializers.RelatedField | serializers.ManyRelatedField)
                    if not field.read_only and (related or isinstance(field, serializers.UUIDField)):
                        found.add((made.__name__, name))
    return found


def _bodies() -> set[type[Any]]:
    """What the views validate: named by a view, or by its schema."""
    found = set()
    for route in api_routes():
        if (declared := getattr(route.view, "serializer_class", None)) is not None:
            found.add(declared)
    from repositories.serializers import RepositoryConnect

    return found | {RepositoryConnect}


BODIES = _bodies()
ASKED = {
    ("TaskInput", "project_id"), ("TaskInput", "repository_id"), ("TaskChanges", "repository_id"), ("RunInput", "task_id"),
    ("ModelConnectionInput", "fallback_id"), ("BudgetLimits", "project_id"), ("RepositoryConnect", "project_id"),
}  # fmt: skip
"""Each is tried below."""


def test_every_field_that_takes_an_id_is_tried() -> None:
    assert id_fields() == ASKED


def test_a_foreign_id_is_refused_wherever_a_body_may_name_one(owner: CallerInTests, stranger: CallerInTests) -> None:
    theirs = {
        "project": ProjectFactory(workspace=stranger.workspace),
        "link": RepositoryLinkFactory(workspace=stranger.workspace),
        "task": TaskFactory(workspace=stranger.workspace),
        "model": ModelConnection.objects.create(workspace=stranger.workspace, name="theirs", kind="offline"),
    }
    ids = {name: str(row.pk) for name, row in theirs.items()}
    task = TaskFactory(workspace=owner.workspace)
    model = ModelConnection.objects.create(workspace=owner.workspace, name="mine", kind="offline")
    budget = Budget.objects.create(workspace=owner.workspace, max_calls=1)
    before = list(Task.objects.for_workspace(owner.workspace.pk).values("id", "project_id", "repository_id"))
    tried: list[tuple[str, str, dict[str, Any]]] = [
        ("post", "/api/tasks", {"description": "x", "project_id": ids["project"]}),
        ("post", "/api/tasks", {"description": "x", "repository_id": ids["link"]}),
        ("patch", f"/api/tasks/{task.pk}", {"repository_id": ids["link"]}),
        ("post", "/api/runs", {"task_id": ids["task"]}),
        ("post", "/api/models", {"name": "m", "kind": "offline", "fallback_id": ids["model"]}),
        ("patch", f"/api/models/{model.pk}", {"fallback_id": ids["model"]}),
        ("post", "/api/budgets", {"max_calls": 1, "project_id": ids["project"]}),
        ("patch", f"/api/budgets/{budget.pk}", {"project_id": ids["project"]}),
        ("post", "/api/repositories/connect", {"url": "acme/one", "project_id": ids["project"]}),
    ]
    for method, path, body in tried:
        answer = getattr(owner.api, method)(path, body)
        assert answer.status_code in {400, 404}, f"{method} {path} {body}: {answer.status_code} {answer.content!r}"
        text = answer.content.decode()
        shown = [row.repo_full_name if isinstance(row, RepositoryLink) else row.name for row in theirs.values()]
        assert [name for name in shown if name in text and name not in str(body)] == []
    assert list(Task.objects.for_workspace(owner.workspace.pk).values("id", "project_id", "repository_id")) == before
    assert not Project.objects.for_workspace(owner.workspace.pk).filter(pk=ids["project"]).exists()
    model.refresh_from_db()
    assert model.fallback_id is None


def test_free_json_names_no_repository(owner: CallerInTests, stranger: CallerInTests) -> None:
    """A repository in a task's config is not where its runs go."""
    link = RepositoryLinkFactory(workspace=stranger.workspace)
    names = {"repository_id": str(link.pk), "project_id": str(link.project_id), "workspace_id": str(stranger.workspace.pk)}
    made = owner.api.post("/api/tasks", {"description": "x", "config": names}).json()
    assert made["repository_id"] is None
    assert made["workspace_id"] == str(owner.workspace.pk)


def test_a_stored_foreign_repository_is_refused_by_the_next_run(owner: CallerInTests, stranger: CallerInTests) -> None:
    """Of a row that was written before tasks were checked."""
    link = RepositoryLinkFactory(workspace=stranger.workspace)
    task = TaskFactory(workspace=owner.workspace, repository_id=link.pk)
    assert owner.api.post("/api/runs", {"task_id": str(task.pk)}).status_code == 400
    ended = TaskRunFactory(workspace=owner.workspace, task=task, project_id=task.project_id, status="failed")
    assert owner.api.post(f"/api/runs/{ended.pk}/retry").status_code == 400
