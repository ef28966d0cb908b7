"""No tenant sees another: every route of the URLconf, asked by a stranger for the rows of a tenant."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import models
from django.utils import timezone

from metrics.models import MetricSnapshot
from mgx_project.common.models import ScopedManager
from repositories.models import RepositoryLink
from runs.models import Artifact, TaskRun
from tasks.models import Task
from tests.conftest import CallerInTests, MakeCaller
from tests.contract.routes import Route, api_routes
from tests.factories import RepositoryLinkFactory, TaskFactory, TaskRunFactory
from workspaces.audit import record_audit
from workspaces.models import ApiToken, AuditEntry, Budget, Invitation, ModelConnection, Role
from workspaces.viewsets import TenantViewSet

pytestmark = pytest.mark.django_db
FREE = {"/api/auth/token", "/api/auth/refresh", "/api/auth/revoke", "/api/setup"}
SIGNED = {"/api/webhooks/github/{link_id}"}
"""Not asked by a user: the sender proves itself by a signature."""
ROUTES = api_routes()
OF_A_TENANT = [route for route in ROUTES if route.parameters and route.template not in SIGNED]


@pytest.fixture(params=["filtered", "filter forgotten"])
def forgetful(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With each query's own filter, and where all of them were forgotten: the database keeps tenants apart as well."""
    if request.param == "filter forgotten":
        monkeypatch.setattr(ScopedManager, "for_workspace", lambda self, workspace_id: self.model.across_tenants.all())


@pytest.fixture
def rows(owner: CallerInTests) -> dict[str, str]:
    """A row of the tenant for every kind of parameter: by the view's model, and by the parameter's name."""
    workspace = owner.workspace
    task = TaskFactory(workspace=workspace, name="secret-of-the-tenant")
    run = TaskRunFactory(workspace=workspace, task=task, project_id=task.project_id)
    link = RepositoryLinkFactory(workspace=workspace, project=task.project)
    connection = ModelConnection.objects.create(workspace=workspace, name="m", kind="offline")
    budget = Budget.objects.create(workspace=workspace, max_calls=1)
    record_audit(principal=owner.principal, action="x.y", object_type="x", object_id=None)
    metric = MetricSnapshot.objects.create(
        workspace=workspace, name="m", metric_type="gauge", value=1, timestamp=timezone.now(), run_id=run.pk
    )
    invitation = Invitation.objects.create(
        workspace=workspace, role="viewer", digest="d", created_by=owner.user, expires_at=timezone.now()
    )
    artifact = Artifact.objects.create(
        workspace=workspace,
        run=run,
        name="d",
        kind="diff",
        content_type="text/x-diff",
        size=1,
        sha256="0" * 64,
        path=f"{workspace.pk}/d",
    )
    by_model: dict[type[models.Model], Any] = {
        type(workspace): workspace, type(task.project): task.project, Task: task, TaskRun: run, RepositoryLink: link,
        ModelConnection: connection, Budget: budget, Invitation: invitation, MetricSnapshot: metric, Artifact: artifact,
        ApiToken: ApiToken.objects.for_workspace(workspace.pk).get(),
        AuditEntry: AuditEntry.objects.for_workspace(workspace.pk).first(),
    }  # fmt: skip
    by_name = {
        "workspace_id": workspace, "user_id": owner.user, "task_id": task, "run_id": run, "artifact_id": artifact,
        "link_id": link,
    }  # fmt: skip
    named = {n: str(row.pk) for n, row in by_name.items()} | {"path": "src/secret.py"}
    return {model.__name__: str(row.pk) for model, row in by_model.items()} | named


def path_of(route: Route, rows: dict[str, str]) -> str:
    """The route with the tenant's ids. Fails for a parameter that this test has no row for: add one to ``rows``."""
    values = {name: rows[route.view.model.__name__ if name == "pk" else name] for name in route.parameters}
    return route.template.format(**values)


def test_the_walk_sees_the_whole_api() -> None:
    templates = {route.template for route in ROUTES}
    assert len(OF_A_TENANT) > 20
    assert {"/api/tasks/{pk}", "/api/runs/{pk}/events", "/api/metrics/run/{run_id}/summary"} <= templates


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.template)
def test_every_route_is_a_tenants_or_needs_at_least_an_account(route: Route, db: None, rows: dict[str, str]) -> None:
    from tests.conftest import Api

    if route.template in FREE | SIGNED:
        return
    path = path_of(route, rows)
    for method, _ in route.actions:
        assert getattr(Api(), method)(path).status_code == 401, method
    assert issubclass(route.view, TenantViewSet) or not route.parameters


@pytest.mark.parametrize("route", OF_A_TENANT, ids=lambda route: route.template)
def test_a_stranger_finds_nothing_under_a_tenants_id(
    route: Route, rows: dict[str, str], stranger: CallerInTests, forgetful: None
) -> None:
    path = path_of(route, rows)
    for method, action in route.actions:
        answer = getattr(stranger.api, method)(path, {} if method in {"post", "patch"} else None)
        assert answer.status_code == 404, f"{method} {path} ({action}): {answer.status_code} {answer.content!r}"
        own = f"{path}?workspace={stranger.workspace.slug}"
        assert getattr(stranger.api, method)(own, {} if method in {"post", "patch"} else None).status_code == 404


@pytest.mark.parametrize("route", OF_A_TENANT, ids=lambda route: route.template)
def test_the_owner_finds_the_same_rows(route: Route, rows: dict[str, str], owner: CallerInTests) -> None:
    """Without this the test above would pass for paths that are wrong."""
    if "get" not in dict(route.actions):
        return
    answer = owner.api.get(path_of(route, rows))
    if route.template == "/api/runs/{pk}/artifacts/{artifact_id}":
        return  # the row is there, its bytes are not
    assert answer.status_code == 200 or answer.json()["code"] != "not_found" or "diff" in route.template, answer.content


@pytest.mark.parametrize("route", [r for r in ROUTES if not r.parameters], ids=lambda route: route.template)
def test_no_list_shows_a_tenants_row(route: Route, rows: dict[str, str], stranger: CallerInTests, forgetful: None) -> None:
    if "get" not in dict(route.actions):
        return
    answer = stranger.api.get(route.template)
    if answer["Content-Type"] == "application/x-ndjson":
        return  # streamed from another connection, which does not see these rows: tests/workspaces/test_audit.py
    text = json.dumps(answer.json())
    shown = [name for name, value in rows.items() if value in text]
    assert shown == []
    assert "secret-of-the-tenant" not in text


@pytest.mark.parametrize("route", [r for r in ROUTES if issubclass(r.view, TenantViewSet)], ids=lambda route: route.template)
def test_viewers_change_nothing(route: Route, rows: dict[str, str], owner: CallerInTests, make_caller: MakeCaller) -> None:
    """Except what is their own: tokens, tickets and workspaces of theirs."""
    own = {"/api/tokens", "/api/tokens/{pk}", "/api/auth/ws-ticket"}
    if route.template in own | SIGNED:
        return
    viewer = make_caller(Role.VIEWER, owner.workspace)
    for method, action in route.actions:
        if method != "get":
            answer = getattr(viewer.api, method)(path_of(route, rows), {})
            assert answer.status_code == 403, f"{method} {route.template} ({action}): {answer.status_code}"


def test_a_foreign_id_in_a_body_or_filter_finds_nothing(rows: dict[str, str], stranger: CallerInTests) -> None:
    assert stranger.api.post("/api/runs", {"task_id": rows["task_id"]}).status_code == 404
    assert stranger.api.post("/api/tasks", {"description": "x", "project_id": rows["Project"]}).status_code == 404
    for query in (f"tasks?project_id={rows['Project']}", f"runs?task_id={rows['task_id']}", f"metrics?run_id={rows['run_id']}"):
        assert stranger.api.get(f"/api/{query}").json()["items"] == []
    assert stranger.api.get("/api/tasks", headers={"X-Workspace-Id": str(uuid4())}).status_code == 403
