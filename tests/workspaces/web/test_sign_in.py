"""Signing in to the web application: the limits of every sign-in, no open redirects, and the choice of a workspace."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.conftest import CallerInTests
from tests.factories import PASSWORD, MembershipFactory, UserFactory
from workspaces import sign_in_guard

pytestmark = pytest.mark.django_db


def sign_in(client: Client, name: str, password: str = PASSWORD, **more: str) -> object:
    return client.post("/sign-in", {"username": name, "password": password, **more}, headers={"Accept": "text/html"})


def test_a_member_signs_in_and_out_without_any_right_of_staff(owner: CallerInTests) -> None:
    client = Client(headers={"Accept": "text/html"})
    assert not owner.user.is_staff
    answer = sign_in(client, owner.user.username, next="/runs")
    assert (answer.status_code, answer["Location"]) == (302, "/runs")
    assert client.get("/").status_code == 200
    assert client.get("/sign-out").status_code == 405, "a link must not sign anybody out"
    assert client.post("/sign-out")["Location"] == "/sign-in"
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "http:///evil"])
def test_nobody_is_led_to_another_site(owner: CallerInTests, wanted: str) -> None:
    client = Client(headers={"Accept": "text/html"})
    assert sign_in(client, owner.user.username, next=wanted)["Location"] == "/"
    chosen = client.post("/workspace", {"workspace": str(owner.workspace.pk), "next": wanted})
    assert chosen["Location"] == "/"


def test_who_is_signed_in_is_led_on_and_never_in_a_loop(owner: CallerInTests) -> None:
    client = Client(headers={"Accept": "text/html"})
    client.force_login(owner.user)
    for wanted, place in (("/runs", "/runs"), ("/sign-in", "/"), ("/sign-in/", "/sign-in/"), ("https://evil.example/", "/")):
        assert client.get("/sign-in", {"next": wanted})["Location"] == place
    assert client.get("/sign-in/")["Location"] == "/"


def test_a_page_that_failed_is_not_where_the_choice_of_a_workspace_leads(owner: CallerInTests) -> None:
    MembershipFactory(user=owner.user)
    client = Client(headers={"Accept": "text/html"})
    client.force_login(owner.user)
    text = client.post("/workspace", {"workspace": "x"}).content.decode()
    assert '<input type="hidden" name="next" value="/">' in text, "it takes no GET"


def test_a_person_without_a_workspace_is_told_whom_to_ask() -> None:
    client = Client(headers={"Accept": "text/html"})
    client.force_login(UserFactory())
    for path in ("/", "/runs", "/tasks/new"):
        answer = client.get(path)
        assert answer.status_code == 200 and "not a member of a workspace yet" in answer.content.decode(), path
    assert client.post("/workspace", {"workspace": ""}).status_code == 404


def test_a_wrong_password_says_so_and_does_not_come_back(owner: CallerInTests) -> None:
    answer = sign_in(Client(), owner.user.username, "wrong horse battery")
    text = answer.content.decode()
    assert answer.status_code == 200 and "is not right" in text
    assert "wrong horse" not in text and owner.user.username in text


def test_guessing_is_refused_by_the_page_as_by_every_other_sign_in(owner: CallerInTests) -> None:
    client = Client()
    for _ in range(sign_in_guard.PAIR.failures):
        assert sign_in(client, owner.user.username, "wrong horse battery").status_code == 200
    refused = sign_in(client, owner.user.username)
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0
    text = refused.content.decode()
    assert "Too many attempts" in text and '<form class="card stack" method="post">' in text
    assert "script-src 'self'" in refused["Content-Security-Policy"]
    assert client.get("/", headers={"Accept": "text/html"}).status_code == 302


def test_every_form_needs_its_token(owner: CallerInTests) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, owner.user.username).status_code == 403
    client.force_login(owner.user)
    for path in ("/sign-out", "/workspace"):
        assert client.post(path, {"workspace": str(owner.workspace.pk)}).status_code == 403, path
    write = client.post("/api/tasks", {"description": "x"}, content_type="application/json")
    assert write.status_code == 403, "the API takes a session only with the token"


def test_the_chosen_workspace_is_what_lists_are_about(owner: CallerInTests, stranger: CallerInTests) -> None:
    second = MembershipFactory(user=owner.user).workspace
    client = Client(headers={"Accept": "text/html"})
    client.force_login(owner.user)
    client.post("/workspace", {"workspace": str(second.pk), "next": "/runs"})
    assert f'value="{second.pk}" selected' in " ".join(client.get("/runs").content.decode().split())
    for wrong in (str(stranger.workspace.pk), "", "x"):
        assert client.post("/workspace", {"workspace": wrong}).status_code == 404
    assert f'value="{second.pk}" selected' in " ".join(client.get("/runs").content.decode().split())
