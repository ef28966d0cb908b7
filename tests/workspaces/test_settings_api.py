"""Model connections, budgets and the audit log."""

from __future__ import annotations

import pytest
from django.db import connection

from tests.conftest import CallerInTests, MakeCaller
from workspaces.models import ModelConnection, Role

pytestmark = pytest.mark.django_db
OPENAI = {
    "name": "main",
    "kind": "openai",
    "model": "gpt-5",
    "api_key": "sk-very-secret",
    "price_in": "1.25",
    "is_default": True,
}


def test_an_api_key_goes_in_encrypted_and_never_comes_out(owner: CallerInTests) -> None:
    made = owner.api.post("/api/models", OPENAI, headers={"Idempotency-Key": "k"})
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["has_api_key"], body["price_in"], body["price_out"]) == (True, "1.250000", None)
    pages = [made, owner.api.get("/api/models"), owner.api.get(f"/api/models/{body['id']}"), owner.api.get("/api/audit")]
    assert not any("sk-very-secret" in page.content.decode() for page in pages)
    with connection.cursor() as cursor:
        cursor.execute("SELECT api_key FROM model_connections UNION ALL SELECT body::text FROM idempotency_records")
        assert not any("sk-very-secret" in str(row) for row in cursor.fetchall())
    assert ModelConnection.objects.of(owner.workspace.pk).get().api_key == "sk-very-secret"


def test_there_is_one_default_model(owner: CallerInTests) -> None:
    owner.api.post("/api/models", OPENAI)
    second = owner.api.post("/api/models", OPENAI | {"name": "other"}).json()
    assert [m["name"] for m in owner.api.get("/api/models").json()["items"] if m["is_default"]] == ["other"]
    first = next(m for m in owner.api.get("/api/models").json()["items"] if m["id"] != second["id"])
    assert owner.api.patch(f"/api/models/{first['id']}", {"is_default": True}).json()["is_default"] is True
    assert owner.api.get(f"/api/models/{second['id']}").json()["is_default"] is False


def test_a_model_connection_needs_a_name_of_its_own_and_a_model(owner: CallerInTests) -> None:
    assert owner.api.post("/api/models", OPENAI | {"model": ""}).json()["errors"][0]["field"] == "model"
    owner.api.post("/api/models", OPENAI)
    assert owner.api.post("/api/models", OPENAI).status_code == 409
    offline = owner.api.post("/api/models", {"name": "off", "kind": "offline"}).json()
    assert owner.api.patch(f"/api/models/{offline['id']}", {"name": "main"}).status_code == 409
    assert owner.api.patch(f"/api/models/{offline['id']}", {"kind": "openai"}).status_code == 400


def test_an_unknown_field_is_named(owner: CallerInTests) -> None:
    answer = owner.api.post("/api/models", OPENAI | {"apikey": "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")


def test_a_budget_limits_something_once_per_scope(owner: CallerInTests) -> None:
    assert owner.api.post("/api/budgets", {"period": "month"}).status_code == 400
    made = owner.api.post("/api/budgets", {"period": "month", "max_cost_usd": "12.50"})
    assert (made.status_code, made.json()["max_cost_usd"]) == (201, "12.500000")
    assert owner.api.post("/api/budgets", {"period": "month", "max_calls": 1}).status_code == 409
    path = f"/api/budgets/{made.json()['id']}"
    assert owner.api.patch(path, {"max_cost_usd": None}).status_code == 400
    assert owner.api.patch(path, {"max_cost_usd": "-1"}).status_code == 400
    assert owner.api.delete(path).status_code == 204


@pytest.mark.parametrize(("path", "body"), [("/api/models", OPENAI), ("/api/budgets", {"max_calls": 3})])
def test_admins_write_settings_and_others_read_them(
    owner: CallerInTests, make_caller: MakeCaller, path: str, body: dict[str, object]
) -> None:
    admin, developer = make_caller(Role.ADMIN, owner.workspace), make_caller(Role.DEVELOPER, owner.workspace)
    made = admin.api.post(path, body)
    assert made.status_code == 201
    item = f"{path}/{made.json()['id']}"
    assert developer.api.get(item).status_code == 200
    assert {developer.api.post(path, body).status_code, developer.api.delete(item).status_code} == {403}
    assert developer.api.patch(item, {}).status_code == 403


def test_the_audit_log_is_for_admins_and_says_who(owner: CallerInTests, make_caller: MakeCaller) -> None:
    owner.api.post("/api/budgets", {"max_calls": 3})
    entry = owner.api.get("/api/audit?action=budget.created").json()["items"][0]
    assert entry["user"] == {"id": str(owner.user.pk), "username": owner.user.username}
    assert entry["detail"]["fields"] == ["max_calls"]
    assert owner.api.get(f"/api/audit/{entry['id']}").status_code == 200
    assert owner.api.delete(f"/api/audit/{entry['id']}").status_code == 405
    assert make_caller(Role.DEVELOPER, owner.workspace).api.get("/api/audit").status_code == 403


def test_a_budget_takes_no_project_of_another_tenant(owner: CallerInTests, stranger: CallerInTests) -> None:
    foreign = stranger.api.get("/api/projects").json()["items"][0]["id"]
    assert owner.api.post("/api/budgets", {"project_id": foreign, "max_calls": 1}).status_code == 404
    own = owner.api.get("/api/projects").json()["items"][0]["id"]
    made = owner.api.post("/api/budgets", {"project_id": own, "max_calls": 1})
    assert made.status_code == 201
    assert owner.api.patch(f"/api/budgets/{made.json()['id']}", {"project_id": foreign}).status_code == 404


def test_a_stored_key_goes_to_no_other_address(owner: CallerInTests) -> None:
    made = owner.api.post("/api/models", OPENAI).json()
    path = f"/api/models/{made['id']}"
    assert owner.api.patch(path, {"base_url": "https://evil.example/v1"}).json()["errors"][0]["field"] == "api_key"
    assert owner.api.patch(path, {"base_url": "https://evil.example/v1", "api_key": "sk-other"}).status_code == 200
    assert owner.api.patch(path, {"base_url": "https://evil.example/v1", "name": "same address"}).status_code == 200
    assert owner.api.patch(path, {"base_url": "", "api_key": ""}).json()["has_api_key"] is False


@pytest.mark.parametrize("url", ["ftp://host/v1", "https://user:password@host/v1", "file:///etc/passwd"])
def test_an_endpoint_is_an_http_address_without_a_credential(owner: CallerInTests, url: str) -> None:
    assert owner.api.post("/api/models", OPENAI | {"base_url": url}).json()["errors"][0]["field"] == "base_url"
