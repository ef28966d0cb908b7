"""A new server gets its first administrator once, by the token that it prints, and nobody else does."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from tests.conftest import Api
from tests.factories import UserFactory
from workspaces import first_administrator
from workspaces.first_administrator import announce_setup_token, setup_token
from workspaces.models import AuditEntry, Membership, User, Workspace

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def asked(**changes: str) -> Any:
    body = {"username": "ada", "password": PASSWORD, "workspace_name": "Shop team", "workspace_slug": "shop"}
    return Api().post("/api/setup", {**body, "token": setup_token(), **changes})


def test_who_has_the_token_becomes_the_administrator_and_can_sign_in() -> None:
    done = asked(email="ada@example.org")
    assert done.status_code == 201, done.content
    assert (done.json()["username"], done.json()["workspace"]["slug"], done.json()["workspace"]["role"]) == (
        "ada",
        "shop",
        "owner",
    )
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.email) == (True, True, "ada@example.org")
    assert Membership.objects.get(user=user).role == "owner"
    signed_in = Api().post("/api/auth/token", {"username": "ada", "password": PASSWORD})
    assert signed_in.status_code == 200
    made = Workspace.objects.get(slug="shop")
    assert AuditEntry.objects.for_workspace(made.pk).get(action="server.set_up").user_id == user.pk
    assert PASSWORD not in done.content.decode()


def test_the_token_is_good_once() -> None:
    assert asked().status_code == 201
    again = asked(username="eve", workspace_slug="other")
    assert (again.status_code, again.json()["code"]) == (409, "already_set_up")
    assert "mgx login" in again.json()["hint"]
    assert [user.username for user in User.objects.all()] == ["ada"]
    with pytest.raises(CommandError, match="used up"):
        call_command("setup_token")


@pytest.mark.parametrize("token", ["mgxs_" + "0" * 64, "x", "mgxs_ü", "‮"])
def test_another_token_is_refused_and_says_where_the_right_one_is(token: str) -> None:
    refused = asked(token=token)
    assert (refused.status_code, refused.json()["code"]) == (403, "setup_token_invalid")
    assert "manage.py setup_token" in refused.json()["hint"]
    assert not User.objects.exists()


def test_a_wrong_token_learns_nothing_about_a_server_in_use() -> None:
    fresh = asked(token="x")
    UserFactory()
    used = asked(token="x")
    assert [{**each.json(), "request_id": ""} for each in (fresh, used)] == [{**fresh.json(), "request_id": ""}] * 2


@pytest.mark.parametrize(
    ("field", "value"), [("password", "short"), ("username", "a b"), ("workspace_slug", "ü ü"), ("email", "x")]
)
def test_what_is_not_right_is_named_and_nothing_is_made(field: str, value: str) -> None:
    refused = asked(**{field: value})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, field)
    assert not User.objects.exists() and not Workspace.objects.exists()
    assert asked().status_code == 201


def test_the_token_is_printed_while_there_is_no_user(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(first_administrator, "close_old_connections", lambda: None)  # the test's transaction is on it
    monkeypatch.setattr(first_administrator.log, "warning", lambda text, **more: said.append(more), raising=False)
    announce_setup_token()
    out = StringIO()
    call_command("setup_token", stdout=out)
    assert [row["setup"] for row in said] == [out.getvalue().strip()] == [setup_token()]
    assert "mgx setup --server" in json.dumps(said)
    UserFactory()
    announce_setup_token()
    assert len(said) == 1
    monkeypatch.setattr(first_administrator, "is_set_up", lambda: (_ for _ in ()).throw(OperationalError("away")))
    announce_setup_token()
