"""The API keeps what /openapi.json says, for generated requests that fit the schema and for ones that don't (schemathesis)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import CallerInTests
from tests.factories import RepositoryLinkFactory, TaskRunFactory
from tests.support.drills import times
from workspaces.models import Budget, ModelConnection

CHECKS = ("status_code_conformance", "content_type_conformance", "response_schema_conformance", "unsupported_method")
EXAMPLES = times(20, 3)
NOBODY_THERE = "https://127.0.0.1:1/acme/service.git"
"""No name has to be looked up for it."""
ASKING_A_HOST = {
    "POST /api/repositories/test",
    "POST /api/repositories/connect",
    "PATCH /api/repositories/{id}",
    "POST /api/repositories/{id}/refresh",
    "POST /api/repositories/{id}/webhook",
}
UNTOUCHED = {
    "GET /api/runs/{id}/artifacts/{artifact_id}",  # its bytes are tests/runs' business
    "GET /api/runs/{id}/logs",  # follow=true has no end
    "GET /api/audit/export",  # streamed by an event loop, which WSGI has not: tests/workspaces/test_audit.py
    "DELETE /api/workspaces/{id}",  # would take the caller along
}
quietly = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@cache
def schema() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "label" not in metafunc.fixturenames:
        return
    paths = schema()["paths"]
    labels = [f"{method.upper()} {path}" for path, item in paths.items() for method in item]
    chosen = [label for label in labels if " /api/auth/" not in label and label not in UNTOUCHED]
    metafunc.parametrize("label", chosen)


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """A real WSGI request ends by closing the connection, and with it the test's transaction."""
    requests = (signals.request_started, signals.request_finished)
    for signal in requests:
        signal.disconnect(close_old_connections)
    yield
    for signal in requests:
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def checks() -> list[Any]:
    from schemathesis.specs.openapi import checks  # takes seconds, which the workers without these tests need not spend

    return [getattr(checks, name) for name in CHECKS]


@pytest.fixture(scope="module")
def api_schema() -> Any:
    """Of the module and not of the session, so that one worker has all tests that need it."""
    import schemathesis

    found = schemathesis.openapi.from_dict(schema())
    found.app = get_wsgi_application()
    return found


@pytest.fixture
def known(owner: CallerInTests) -> dict[str, str]:
    """Rows for paths: without them nearly every request would end in 404."""
    workspace = owner.workspace
    run = TaskRunFactory(workspace=workspace)
    found = {
        "tasks": run.task_id,
        "runs": run.pk,
        "projects": run.project_id,
        "repositories": RepositoryLinkFactory(workspace=workspace, project=run.task.project, clone_url=NOBODY_THERE).pk,
        "workspaces": workspace.pk,
        "models": ModelConnection.objects.create(workspace=workspace, name="m", kind="offline").pk,
        "budgets": Budget.objects.create(workspace=workspace, max_calls=9).pk,
        "task_id": run.task_id,
        "run_id": run.pk,
        "workspace_id": workspace.pk,
        "user_id": owner.user.pk,
    }
    return {name: str(pk) for name, pk in found.items()}


@pytest.mark.usefixtures("one_connection")
def test_an_operation_answers_as_documented(
    label: str, api_schema: Any, checks: list[Any], known: dict[str, str], owner: CallerInTests
) -> None:
    from schemathesis import GenerationMode

    operation = api_schema.find_operation_by_label(label)
    names = {parameter.name for parameter in operation.path_parameters}
    noun = operation.path.split("/")[2]
    ids = {name: known[noun if name == "id" else name] for name in names if (noun if name == "id" else name) in known}
    right = operation.as_strategy(**({"path_parameters": ids} if ids.keys() == names and ids else {}))
    wrong = operation.as_strategy(GenerationMode.NEGATIVE)

    @quietly
    @given(case=st.one_of(right, wrong) if _can_be_wrong(operation) else right)
    def answers(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {owner.token}"}, checks=checks)

    answers()


def test_the_only_errors_of_the_server_are_those_of_a_service_that_it_asks() -> None:
    """The one that answers is not there or limits requests. A 500, documented nowhere, fails the test above."""
    asking = {
        f"{method.upper()} {path}": sorted(code for code in operation["responses"] if code.startswith("5"))
        for path, item in schema()["paths"].items()
        for method, operation in item.items()
        if any(code.startswith("5") for code in operation["responses"])
    }
    assert asking == {operation: ["502", "503"] for operation in ASKING_A_HOST}


def _can_be_wrong(operation: Any) -> bool:
    return any(True for _ in operation.iter_parameters()) or bool(operation.body)
