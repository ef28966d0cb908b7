"""Model connections, budgets and the audit log."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.db import connection

from tests.conftest import CallerInTests, MakeCaller
from workspaces import budgets
from workspaces.meters import BudgetScope
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
    assert ModelConnection.objects.for_workspace(owner.workspace.pk).get().api_key == "sk-very-secret"


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


FULL = OPENAI | {
    "role_models": {"reviewer": "gpt-5-mini"},
    "price_out": "10",
    "price_cached_in": "0.125",
    "context_tokens": 400_000,
    "max_output_tokens": 32_000,
    "edit_format": "search_replace",
    "native_tools": True,
    "requests_per_minute": 500,
    "tokens_per_minute": 30_000,
}


def test_all_that_is_known_of_an_endpoint_is_kept(owner: CallerInTests) -> None:
    body = owner.api.post("/api/models", FULL).json()
    same = [name for name in FULL if name not in {"api_key", "price_in", "price_out", "price_cached_in"}]
    assert {name: body[name] for name in same} == {name: FULL[name] for name in same}
    assert body["price_cached_in"] == "0.125000"
    assert (body["last_test"], body["fallback_id"]) == (None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"role_models": {"janitor": "m"}},
        {"role_models": {"tester": ""}},
        {"role_models": ["tester"]},
        {"price_in": "-1"},
        {"price_cached_in": "-1"},
        {"context_tokens": 3},
        {"max_output_tokens": 0},
        {"requests_per_minute": 0},
        {"edit_format": "poem"},
        {"kind": "anthropic", "model": ""},
        {"last_test": {}},
    ],
)
def test_what_can_not_be_of_an_endpoint_is_refused(owner: CallerInTests, wrong: dict[str, object]) -> None:
    answer = owner.api.post("/api/models", FULL | wrong)
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["field"].split(".")[0] in {*wrong, "model"}


def test_a_fallback_is_of_this_workspace_and_no_circle(owner: CallerInTests, stranger: CallerInTests) -> None:
    names = ("a", "b", "c")
    ids = {name: owner.api.post("/api/models", {"name": name, "kind": "offline"}).json()["id"] for name in names}
    path = {name: f"/api/models/{ids[name]}" for name in names}
    assert owner.api.patch(path["a"], {"fallback_id": ids["b"]}).json()["fallback_id"] == ids["b"]
    assert owner.api.patch(path["b"], {"fallback_id": ids["c"]}).status_code == 200
    for name in ("a", "b", "c"):
        refused = owner.api.patch(path["c"], {"fallback_id": ids[name]})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "fallback_id")
    foreign = stranger.api.post("/api/models", {"name": "x", "kind": "offline"}).json()["id"]
    assert owner.api.patch(path["c"], {"fallback_id": foreign}).status_code == 400
    assert owner.api.patch(path["a"], {"fallback_id": None}).json()["fallback_id"] is None
    assert owner.api.delete(path["c"]).status_code == 204
    assert owner.api.get(path["b"]).json()["fallback_id"] is None


def test_a_stored_key_goes_to_no_other_provider(owner: CallerInTests) -> None:
    path = f"/api/models/{owner.api.post('/api/models', OPENAI).json()['id']}"
    assert owner.api.patch(path, {"kind": "anthropic"}).json()["errors"][0]["field"] == "api_key"
    assert owner.api.patch(path, {"kind": "anthropic", "api_key": "sk-ant"}).status_code == 200


def test_a_budget_says_what_is_used(owner: CallerInTests) -> None:
    project = uuid.UUID(owner.api.get("/api/projects").json()["items"][0]["id"])
    scope = BudgetScope(owner.workspace.pk, project, uuid.uuid4())
    budgets.reserve(scope=scope, step_key="k", tokens=70, cost_usd=Decimal("0.25"), run_caps={})
    budgets.reserve_time(scope=scope, run_caps={}, ms=1500)
    used = {"tokens": 70, "cost_usd": "0.250000", "calls": 1, "seconds": 1.5, "unpriced_calls": 0}
    for body in ({"period": "month"}, {"period": "total"}, {"period": "month", "project_id": str(project)}):
        assert owner.api.post("/api/budgets", body | {"max_seconds": 60}).json()["used"] == used
    other = owner.api.post("/api/projects", {"name": "other", "slug": "other"}).json()["id"]
    fresh = owner.api.post("/api/budgets", {"project_id": other, "max_calls": 1}).json()["used"]
    assert fresh == {"tokens": 0, "cost_usd": "0", "calls": 0, "seconds": 0, "unpriced_calls": 0}
