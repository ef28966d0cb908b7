"""The API keeps what /openapi.json says, for generated requests that fit the schema and for ones that don't (schemathesis)."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.conftest import CallerInTests
from tests.factories import RepositoryLinkFactory, TaskRunFactory
from workspaces.models import Budget, ModelConnection

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]


@pytest.fixture
def api_schema(owner: CallerInTests) -> Any:
    workspace = owner.workspace
    run = TaskRunFactory(workspace=workspace)
    link = RepositoryLinkFactory(workspace=workspace, project=run.task.project)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", get_wsgi_application())
    # Without rows to find, nearly every request would end in 404.
    known = {
        "task": run.task_id,
        "run": run.pk,
        "project": run.project_id,
        "repositor": link.pk,
        "workspace": workspace.pk,
        "model": ModelConnection.objects.create(workspace=workspace, name="m", kind="offline").pk,
        "budget": Budget.objects.create(workspace=workspace, max_calls=9).pk,
    }

    @schema.hook("map_path_parameters")
    def use_known_ids(context: Any, path_parameters: Any) -> Any:
        path = context.operation.path
        kind = next((key for word, key in known.items() if path.startswith(f"/api/{word}")), None)
        return {**path_parameters, "id": str(kind)} if kind and "id" in (path_parameters or {}) else path_parameters

    return schema


schema = schemathesis.pytest.from_fixture("api_schema")


@pytest.mark.django_db
@schema.include(path_regex="^/api/").exclude(path_regex="^/api/(auth|webhooks)/").parametrize()
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_operation_answers_as_documented(case: Any, owner: CallerInTests) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {owner.token}"}, checks=CHECKS)
