"""What is not the API itself: documents, unknown paths, the schema's promises."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Api

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def schema(django_db_setup: None) -> dict[str, Any]:
    answer = Api().get("/openapi.json")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_unknown_paths_and_malformed_ids_are_problem_documents() -> None:
    for path in ("/nothing", "/api/nothing", "/api/tasks/1", "/api/tasks/------------------------------------"):
        answer = Api().get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_root_leads_to_the_documentation_which_needs_no_other_server() -> None:
    assert Api().get("/")["Location"] == "/docs"
    page = Api().get("/docs").content.decode()
    assert "swagger-ui" in page
    assert "https://" not in page


def test_every_answer_names_its_request() -> None:
    answer = Api().get("/api/me")
    assert answer["X-Request-Id"] == answer.json()["request_id"]


def test_the_schema_is_openapi_3_1_without_trailing_slashes(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    assert not [path for path in schema["paths"] if path.endswith("/")]


def test_every_operation_documents_its_refusals(schema: dict[str, Any]) -> None:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            problems = {
                code for code, body in operation["responses"].items() if "application/problem+json" in body.get("content", {})
            }
            assert {"400", "401", "429"} <= problems, (path, method)
            if method == "patch":
                assert {"409", "412", "415"} <= problems, path


def _parameters(operation: dict[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", [])}


def test_every_list_is_an_envelope_with_its_parameters(schema: dict[str, Any]) -> None:
    lists = {path: item["get"] for path, item in schema["paths"].items() if "cursor" in _parameters(item.get("get", {}))}
    assert {"/api/tasks", "/api/projects", "/api/workspaces", "/api/metrics", "/api/runs", "/api/audit"} <= set(lists)
    for path, operation in lists.items():
        reference = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        component = schema["components"]["schemas"][reference.rsplit("/", 1)[1]]
        assert component["required"] == ["items", "next_cursor"], path
        assert {"limit", "cursor", "order", "count"} <= _parameters(operation), path


def test_writes_take_an_idempotency_key_and_an_etag(schema: dict[str, Any]) -> None:
    tasks = schema["paths"]["/api/tasks"]["post"]["parameters"]
    assert {"Idempotency-Key", "X-Workspace-Id", "X-Workspace-Slug"} <= {p["name"] for p in tasks}
    assert "If-Match" in {p["name"] for p in schema["paths"]["/api/tasks/{id}"]["patch"]["parameters"]}


@pytest.mark.parametrize("path", ["/health/live", "/api/runs", "/admin/login/"])
def test_a_name_that_the_server_does_not_know_is_told_with_its_setting(path: str) -> None:
    answer = Api().get(path, headers={"Host": "mgx.example.com"})
    assert answer.status_code == 400
    assert (answer.json()["code"], "'mgx.example.com'" in answer.json()["detail"]) == ("unknown_host", True)
    assert "MGX_ALLOWED_HOSTS" in answer.json()["detail"]
