"""Operators set up model connections and budgets by the rules of the API, and test an endpoint by a button."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from tests.factories import MembershipFactory, UserFactory
from tests.support.scripted_openai import serve
from workspaces import models as w

from .test_admin import client_of, page

pytestmark = pytest.mark.django_db
KEY = "sk-nobody-else-sees-this"
NEW = {
    "name": "main", "kind": "openai", "model": "gpt-5", "role_models": '{"reviewer": "small"}', "new_key": KEY,
    "price_in": "1.5", "native_tools": "unknown", "is_default": "on",
}  # fmt: skip


@pytest.fixture
def operator() -> w.Membership:
    return MembershipFactory(user=UserFactory(is_staff=True), role="owner")


@pytest.fixture
def browser(operator: w.Membership) -> Client:
    return client_of(operator.user)


def add(browser: Client, workspace: w.Workspace, **fields: Any) -> Any:
    return browser.post(page(w.ModelConnection, "add"), {**NEW, "workspace": str(workspace.pk), **fields}, follow=True)


def test_a_connection_is_made_changed_and_deleted(operator: w.Membership, browser: Client) -> None:
    assert browser.get(page(w.ModelConnection, "add")).status_code == 200
    answer = add(browser, operator.workspace)
    row = w.ModelConnection.objects.for_workspace(operator.workspace_id).get()
    assert (row.name, row.api_key, row.price_in, row.role_models) == ("main", KEY, Decimal("1.5"), {"reviewer": "small"})
    assert (row.is_default, row.native_tools) == (True, None)
    change = page(w.ModelConnection, "change", row.pk)
    shown = browser.get(change)
    assert KEY not in answer.content.decode() + shown.content.decode()
    same = {**NEW, "new_key": "", "name": "renamed"}
    assert browser.post(change, same).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.api_key) == ("renamed", KEY)
    again = add(browser, operator.workspace, name="second", role_models="")
    assert not again.context.get("errors"), again.context["errors"]
    assert [one.name for one in w.ModelConnection.objects.for_workspace(operator.workspace_id).filter(is_default=True)] == [
        "second"
    ]
    browser.post(page(w.ModelConnection, "delete", row.pk), {"post": "yes"})
    assert w.ModelConnection.objects.for_workspace(operator.workspace_id).count() == 1
    actions = list(w.AuditEntry.objects.for_workspace(operator.workspace_id).order_by("id").values_list("action", flat=True))
    assert actions == ["model.created", "model.changed", "model.created", "model.deleted"]


@pytest.mark.parametrize(
    "wrong",
    [{"base_url": "https://evil.example/v1"}, {"kind": "anthropic"}, {"model": ""}, {"role_models": '{"janitor": "x"}'}],
)
def test_the_rules_of_the_api_hold(operator: w.Membership, browser: Client, wrong: dict[str, str]) -> None:
    add(browser, operator.workspace)
    row = w.ModelConnection.objects.for_workspace(operator.workspace_id).get()
    browser.post(page(w.ModelConnection, "change", row.pk), {**NEW, "new_key": "", **wrong}, follow=True)
    after = w.ModelConnection.objects.for_workspace(operator.workspace_id).get()
    assert (after.base_url, after.kind, after.model, after.role_models) == ("", "openai", "gpt-5", {"reviewer": "small"})


def test_nothing_is_made_in_another_tenant(operator: w.Membership, browser: Client) -> None:
    other = MembershipFactory(role="owner").workspace
    add(browser, other)
    browser.post(page(w.Budget, "add"), {"workspace": str(other.pk), "period": "month", "max_calls": "3"})
    foreign = w.ModelConnection.objects.create(workspace=other, name="theirs", kind="offline")
    add(browser, operator.workspace, fallback=str(foreign.pk))
    assert not w.ModelConnection.objects.for_workspace(operator.workspace_id).exists()
    assert w.ModelConnection.objects.for_workspace(other.pk).get() == foreign
    assert not w.Budget.objects.for_workspace(other.pk).exists()
    assert browser.post(page(w.ModelConnection, "delete", foreign.pk), {"post": "yes"}).status_code in {302, 403, 404}
    assert w.ModelConnection.objects.for_workspace(other.pk).exists()


def test_the_button_makes_a_call_and_shows_what_came_of_it(operator: w.Membership, browser: Client) -> None:
    with serve(lambda messages: "ready") as server:
        add(browser, operator.workspace, base_url=server.url, model="scripted", role_models="")
        row = w.ModelConnection.objects.for_workspace(operator.workspace_id).get()
        url = page(w.ModelConnection, "test", row.pk)
        asked = browser.get(url)
        assert (asked.status_code, server.requests) == (200, [])
        shown = browser.post(url, follow=True).content.decode()
        assert len(server.requests) == 2, "a question and a long prompt"
    assert "scripted answered in" in shown
    stranger = client_of(MembershipFactory(user=UserFactory(is_staff=True), role="owner").user)
    assert stranger.post(url).status_code in {302, 403, 404}


def test_a_budget_is_made_changed_and_deleted(operator: w.Membership, browser: Client) -> None:
    body = {"workspace": str(operator.workspace_id), "project_id": "", "period": "month", "max_calls": "3"}
    assert browser.post(page(w.Budget, "add"), body).status_code == 302
    row = w.Budget.objects.for_workspace(operator.workspace_id).get()
    assert (row.max_calls, row.project_id) == (3, None)
    assert "already" in browser.post(page(w.Budget, "add"), body, follow=True).content.decode()
    change = page(w.Budget, "change", row.pk)
    assert browser.post(change, {"max_calls": "5", "max_seconds": "60"}).status_code == 302
    assert "at least one" in browser.post(change, {}, follow=True).content.decode()
    row.refresh_from_db()
    assert (row.max_calls, row.max_seconds) == (5, 60)
    browser.post(page(w.Budget, "delete", row.pk), {"post": "yes"})
    assert not w.Budget.objects.for_workspace(operator.workspace_id).exists()
