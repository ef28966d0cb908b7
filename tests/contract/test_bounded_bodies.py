"""What a request may store is bounded, field by field, and so is a page of a list."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework import serializers

from tests.conftest import CallerInTests
from tests.contract.routes import api_routes
from tests.factories import ProjectFactory, TaskFactory

pytestmark = pytest.mark.django_db
MOST = 16 * 1024
BIG = {"a": "x" * 200_000}
DEEP: Any = {"a": {}}
for _ in range(40):
    DEEP = {"a": DEEP}


def inputs() -> list[type[serializers.Serializer[Any]]]:
    """Every serializer of the project that reads a body."""
    found: set[type[serializers.Serializer[Any]]] = set()
    waiting: list[Any] = [serializers.Serializer]
    api_routes()
    while waiting:
        for made in waiting.pop().__subclasses__():
            waiting.append(made)
            if made.__module__.split(".")[0] in {"workspaces", "projects", "tasks", "repositories", "runs", "metrics"}:
                found.add(made)
    return sorted((one for one in found if one.__name__.endswith(("Input", "Changes", "Limits"))), key=lambda one: one.__name__)


def unbounded(serializer: serializers.Serializer[Any], path: str = "") -> list[str]:
    """Names of the fields that take as much as somebody sends."""
    found = []
    for name, field in serializer.fields.items():
        where = f"{path}{name}"
        if field.read_only:
            continue
        if isinstance(field, serializers.Serializer):
            found += unbounded(field, f"{where}.")
        elif isinstance(field, serializers.ListSerializer | serializers.JSONField):
            found.append(where)
        elif isinstance(field, serializers.DictField):
            if getattr(field, "max_bytes", None) is None:
                found.append(where)
        elif isinstance(field, serializers.ListField):
            child = field.child
            endless = isinstance(child, serializers.CharField) and child.max_length is None
            if field.max_length is None or endless:
                found.append(where)
        elif isinstance(field, serializers.ChoiceField):
            pass
        elif isinstance(field, serializers.CharField) and field.max_length is None:
            found.append(where)
    return found


def test_every_field_that_a_body_may_have_is_bounded() -> None:
    found = inputs()
    assert len(found) > 15
    assert {one.__name__: names for one in found if (names := unbounded(one()))} == {}


@pytest.mark.parametrize("value", [BIG, DEEP], ids=["big", "deep"])
def test_free_json_is_bounded(owner: CallerInTests, value: Any) -> None:
    task, project = TaskFactory(workspace=owner.workspace), ProjectFactory(workspace=owner.workspace)
    for method, path, body in (
        ("post", "/api/tasks", {"description": "x", "config": value}),
        ("patch", f"/api/tasks/{task.pk}", {"config": value}),
        ("post", "/api/projects", {"name": "P", "metadata": value}),
        ("patch", f"/api/projects/{project.pk}", {"metadata": value}),
        ("post", "/api/workspaces", {"name": "W", "slug": "w", "metadata": value}),
        ("patch", f"/api/workspaces/{owner.workspace.pk}", {"metadata": value}),
    ):
        answer = getattr(owner.api, method)(path, body)
        assert answer.status_code == 400, f"{method} {path}: {answer.status_code}"
        assert answer.json()["errors"][0]["field"] in {"config", "metadata"}, answer.content
    fits = {"note": "y" * 4_000}
    assert owner.api.patch(f"/api/tasks/{task.pk}", {"config": fits}).json()["config"] == fits


def test_a_page_is_bounded_in_bytes_and_the_next_one_goes_on_without_a_gap(owner: CallerInTests) -> None:
    """The largest tasks that the API takes: constraints and description together."""
    tasks = [
        str(
            TaskFactory(
                workspace=owner.workspace, description="d" * 100_000, constraints=["c" * 1000] * 100, config={"x": "y" * 8_000}
            ).pk
        )
        for _ in range(60)
    ]
    seen, cursor, pages = [], "", 0
    while cursor is not None:
        answer = owner.api.get(f"/api/tasks?limit=200{f'&cursor={cursor}' if cursor else ''}")
        assert len(answer.content) <= 5 * 1024 * 1024
        page = json.loads(answer.content)
        assert page["items"], "a page has at least one row, or it would never end"
        seen += [item["id"] for item in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert pages > 1
    assert seen == tasks[::-1]
