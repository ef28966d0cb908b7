"""A list costs the same number of queries for 3 rows and for 30."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from metrics.models import MetricSnapshot
from tests.conftest import CallerInTests
from tests.contract.routes import api_routes
from tests.factories import MembershipFactory, ProjectFactory, RepositoryLinkFactory, TaskFactory, TaskRunFactory, UserFactory
from workspaces.audit import record_audit
from workspaces.models import Budget, Invitation, ModelConnection, Role
from workspaces.tokens import create_api_token
from workspaces.viewsets import TenantViewSet

pytestmark = pytest.mark.django_db
BOUND = 4
"""The token, the membership, the rows, and one for the role in the workspace."""


def _token(caller: CallerInTests, n: int) -> Any:
    return create_api_token(workspace_id=caller.workspace.pk, user=UserFactory(), name=f"t{n}", role=Role.VIEWER)


MAKE: dict[str, Callable[[CallerInTests, int], Any]] = {
    "/api/tasks": lambda c, n: TaskFactory(workspace=c.workspace),
    "/api/runs": lambda c, n: TaskRunFactory(workspace=c.workspace),
    "/api/projects": lambda c, n: ProjectFactory(workspace=c.workspace),
    "/api/repositories": lambda c, n: RepositoryLinkFactory(workspace=c.workspace),
    "/api/tokens": _token,
    "/api/models": lambda c, n: ModelConnection.objects.create(workspace=c.workspace, name=f"m{n}", kind="offline"),
    "/api/budgets": lambda c, n: Budget.objects.create(
        workspace=c.workspace, max_calls=1, project_id=ProjectFactory(workspace=c.workspace).pk
    ),
    "/api/audit": lambda c, n: record_audit(principal=c.principal, action="x.y", object_type="x", object_id=None),
    "/api/metrics": lambda c, n: MetricSnapshot.objects.create(
        workspace=c.workspace, name=f"m{n}", metric_type="gauge", value=1, timestamp=timezone.now()
    ),
    "/api/workspaces": lambda c, n: MembershipFactory(user=c.user),
    "/api/workspaces/{workspace_id}/members": lambda c, n: MembershipFactory(workspace=c.workspace),
    "/api/workspaces/{workspace_id}/invitations": lambda c, n: Invitation.objects.create(
        workspace=c.workspace, digest=f"d{n}", created_by=UserFactory(), expires_at=timezone.now()
    ),
}


def test_every_list_of_the_api_is_here() -> None:
    lists = {r.template for r in api_routes() if ("get", "list") in r.actions and issubclass(r.view, TenantViewSet)}
    assert lists == set(MAKE)


@pytest.mark.parametrize("template", MAKE)
def test_the_number_of_queries_does_not_grow_with_the_rows(template: str, owner: CallerInTests) -> None:
    path = template.format(workspace_id=owner.workspace.pk)
    counts = []
    for rows in (3, 27):
        for n in range(rows):
            MAKE[template](owner, rows * 100 + n)
        owner.api.get(path)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert owner.api.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[1] <= BOUND, [q["sql"] for q in queries.captured_queries]
