"""How often one may ask: a principal, a workspace, an address. The limits are off in all other tests."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mgx_project.routing import websockets
from tests.conftest import Api, CallerInTests, MakeCaller
from tests.factories import PASSWORD, MembershipFactory, RepositoryLinkFactory, UserFactory
from tests.support.patience import SOON
from workspaces.models import Role, Workspace
from workspaces.tokens import create_api_token

pytestmark = pytest.mark.django_db
OFF = {"principal": 0, "anonymous": 0, "failed": 0, "webhooks": 0}
SetRates = Callable[..., None]


@pytest.fixture
def rates(settings: Any) -> SetRates:
    def turn_on(**limits: int) -> None:
        settings.MGX_RATES = {**OFF, **limits}

    return turn_on


@pytest.fixture
def address() -> str:
    """One that no other test has: what was counted stays in Redis for two minutes."""
    return f"198.18.{random.randrange(256)}.{random.randrange(1, 255)}"


def statuses(number: int, ask: Callable[[], Any]) -> list[int]:
    return [ask().status_code for _ in range(number)]


def test_a_token_may_ask_so_often_a_minute_and_another_token_too(owner: CallerInTests, rates: SetRates) -> None:
    rates(principal=3)
    ask = lambda: owner.api.get("/api/tasks")  # noqa: E731
    first = ask()
    assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("3", "2")
    assert statuses(2, ask) == [200, 200]
    refused = ask()
    assert refused.status_code == 429
    assert refused.json()["code"] == "rate_limited"
    assert "3 requests per minute" in refused.json()["detail"]
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert (refused["RateLimit-Limit"], refused["RateLimit-Remaining"]) == ("3", "0")
    assert refused["RateLimit-Reset"] == refused["Retry-After"]
    _, other = create_api_token(workspace_id=owner.workspace.pk, user=owner.user, name="other", role=Role.OWNER)
    assert Api().get("/api/tasks", HTTP_AUTHORIZATION=f"Bearer {other}").status_code == 200


def test_a_refused_request_does_nothing(owner: CallerInTests, rates: SetRates) -> None:
    rates(principal=1)
    post = lambda: owner.api.post("/api/projects", {"name": "A", "slug": "a"})  # noqa: E731
    assert owner.api.get("/api/tasks").status_code == 200
    assert post().status_code == 429
    rates()
    assert post().status_code == 201


def test_a_person_is_one_principal_whatever_signs_them_in(owner: CallerInTests, rates: SetRates) -> None:
    pairs = [Api().post("/api/auth/token", {"username": owner.user.username, "password": PASSWORD}).json() for _ in range(2)]
    rates(principal=2)
    for_person = [lambda jwt=pair["access"]: Api().get("/api/me", HTTP_AUTHORIZATION=f"Bearer {jwt}") for pair in pairs]
    assert [for_person[n % 2]().status_code for n in range(4)] == [200, 200, 429, 429]


def test_a_workspace_has_its_own_limit_for_all_its_members(owner: CallerInTests, make_caller: MakeCaller) -> None:
    Workspace.objects.filter(pk=owner.workspace.pk).update(limits={"requests_per_minute": 3})
    member = make_caller(Role.VIEWER, owner.workspace)
    both = [owner.api, member.api]
    assert [both[n % 2].get("/api/projects").status_code for n in range(5)] == [200, 200, 200, 429, 429]
    refused = owner.api.get("/api/runs")
    assert "This workspace" in refused.json()["detail"]
    assert int(refused["Retry-After"]) >= 1


def test_a_workspace_has_the_servers_limit_where_it_has_none(
    owner: CallerInTests, stranger: CallerInTests, settings: Any
) -> None:
    settings.MGX_LIMITS = {**settings.MGX_LIMITS, "requests_per_minute": 2}
    assert statuses(3, lambda: owner.api.get("/api/tasks")) == [200, 200, 429]
    assert stranger.api.get("/api/tasks").status_code == 200


def test_asking_for_what_one_may_not_see_counts_too(owner: CallerInTests, stranger: CallerInTests, rates: SetRates) -> None:
    rates(principal=3)
    ask = lambda: owner.api.get(f"/api/workspaces/{stranger.workspace.pk}")  # noqa: E731
    assert statuses(4, ask) == [404, 404, 404, 429]


def test_what_a_role_does_not_allow_counts_too(owner: CallerInTests, make_caller: MakeCaller, rates: SetRates) -> None:
    viewer = make_caller(Role.VIEWER, owner.workspace)
    rates(principal=2)
    assert statuses(3, lambda: viewer.api.post("/api/tasks", {"description": "x"})) == [403, 403, 429]


def test_who_has_not_signed_in_is_counted_by_address(address: str, rates: SetRates, owner: CallerInTests) -> None:
    rates(anonymous=3)
    ask = lambda of: Api().post("/api/auth/refresh" if of else "", {"refresh": "x"}, REMOTE_ADDR=of)  # noqa: E731
    assert [ask(address).status_code for _ in range(4)][-1] == 429
    assert int(ask(address)["Retry-After"]) >= 1
    assert ask("192.0.2." + str(random.randrange(1, 255))).status_code != 429
    # who is signed in at that address goes on, and so does what watches the server
    assert owner.api.get("/api/tasks", REMOTE_ADDR=address).status_code == 200
    for path in ("/health", "/health/live", "/health/live/"):
        assert Client().get(path, REMOTE_ADDR=address).status_code != 429


def test_one_network_of_ipv6_is_one_address(rates: SetRates) -> None:
    rates(anonymous=2)
    network = f"2001:db8:{random.randrange(65536):x}:{random.randrange(65536):x}"
    asked = [Client().get("/openapi.json", REMOTE_ADDR=f"{network}::{n:x}").status_code for n in range(1, 4)]
    assert asked == [200, 200, 429]


def test_guessing_tokens_is_slowed(address: str, rates: SetRates, owner: CallerInTests) -> None:
    rates(failed=3)
    guess = lambda: Api().get("/api/me", HTTP_AUTHORIZATION="Bearer mgx_guess", REMOTE_ADDR=address)  # noqa: E731
    assert statuses(5, guess) == [401, 401, 401, 429, 429]
    # a right guess is not told from a wrong one then
    assert owner.api.get("/api/me", REMOTE_ADDR=address).status_code == 429
    assert owner.api.get("/api/me", REMOTE_ADDR="192.0.2.77").status_code == 200


def test_a_neighbour_who_guesses_locks_nobody_out(address: str, rates: SetRates, owner: CallerInTests) -> None:
    rates(failed=2, principal=100)
    assert owner.api.get("/api/me", REMOTE_ADDR=address).status_code == 200
    guess = lambda: Api().get("/api/me", HTTP_AUTHORIZATION="Bearer mgx_guess", REMOTE_ADDR=address)  # noqa: E731
    assert statuses(3, guess) == [401, 401, 429]
    assert owner.api.get("/api/me", REMOTE_ADDR=address).status_code == 200


def test_a_credential_that_nobody_looks_at_helps_nobody(address: str, rates: SetRates) -> None:
    rates(anonymous=3)
    ask = lambda: Client().get("/openapi.json", HTTP_AUTHORIZATION="Bearer x", REMOTE_ADDR=address)  # noqa: E731
    assert statuses(4, ask) == [200, 200, 200, 429]


def test_webhooks_have_a_limit_of_their_own(address: str, rates: SetRates, owner: CallerInTests) -> None:
    rates(webhooks=2, anonymous=1)
    link = RepositoryLinkFactory(workspace=owner.workspace)
    send = lambda: Api().post(f"/api/webhooks/github/{link.pk}", {}, REMOTE_ADDR=address)  # noqa: E731
    assert statuses(3, send) == [401, 401, 429]


def test_the_admin_counts_its_people(address: str, rates: SetRates) -> None:
    user = UserFactory(is_staff=True, is_superuser=True)
    browser = Client(REMOTE_ADDR=address)
    browser.force_login(user)
    rates(principal=2)
    assert statuses(2, lambda: browser.get("/admin/workspaces/user/")) == [200, 200]
    refused = browser.get("/admin/workspaces/user/", HTTP_ACCEPT="text/html")
    assert (refused.status_code, refused["RateLimit-Remaining"]) == (429, "0")
    assert int(refused["Retry-After"]) >= 1
    assert b"<h1>Too Many Requests</h1>" in refused.content


def test_counting_asks_the_database_nothing(owner: CallerInTests, rates: SetRates, settings: Any) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            for path in ("/api/tasks", "/api/me", "/api/workspaces", f"/api/workspaces/{owner.workspace.pk}"):
                assert owner.api.get(path).status_code == 200
        return len(asked)

    queries()
    before = queries()
    rates(principal=1000, anonymous=1000, failed=1000, webhooks=1000)
    settings.MGX_LIMITS = {**settings.MGX_LIMITS, "requests_per_minute": 1000}
    assert queries() == before


@pytest.fixture
def dead_redis(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"


def test_without_redis_nobody_is_refused_and_that_is_said_once(
    dead_redis: None, owner: CallerInTests, rates: SetRates, caplog: pytest.LogCaptureFixture
) -> None:
    rates(principal=1, failed=1, anonymous=1)
    with caplog.at_level(logging.WARNING):
        assert statuses(3, lambda: owner.api.get("/api/tasks")) == [200, 200, 200]
    said = [record.getMessage() for record in caplog.records if "rate limits" in record.getMessage()]
    assert len(said) == 1, said


def close_codes(number: int, path: str, headers: list[tuple[bytes, bytes]], address: str) -> list[int | None]:
    """Of sockets that are opened one after the other; None for one that stays open."""

    async def one() -> int | None:
        socket = WebsocketCommunicator(websockets, path, headers=headers)
        socket.scope["client"] = (address, 1)
        accepted, _ = await socket.connect(timeout=SOON)
        assert accepted
        said = await socket.receive_output(timeout=SOON)
        if said["type"] == "websocket.close":
            return int(said["code"])
        await socket.disconnect(timeout=SOON)
        return None

    async def all_of_them() -> list[int | None]:
        return [await one() for _ in range(number)]

    return asyncio.run(all_of_them())


@pytest.mark.django_db(transaction=True)
def test_sockets_count_as_requests_do(make_caller: MakeCaller, address: str, rates: SetRates) -> None:
    rates(principal=3)
    owner = make_caller()
    headers = [(b"authorization", f"Bearer {owner.token}".encode())]
    assert owner.api.get("/api/tasks").status_code == 200
    assert close_codes(3, "/ws/stream", headers, address) == [None, None, 4429]
    assert owner.api.get("/api/tasks").status_code == 429


@pytest.mark.django_db(transaction=True)
def test_guessing_tokens_on_sockets_is_slowed(address: str, rates: SetRates) -> None:
    rates(failed=2, anonymous=2)
    guess = [(b"authorization", b"Bearer mgx_guess")]
    assert close_codes(4, "/ws/stream", guess, address) == [4401, 4401, 4429, 4429]
    other = address.replace("198.18.", "198.19.")
    assert close_codes(3, "/ws/stream", [], other) == [4401, 4401, 4429]
    assert Api().get("/api/me", HTTP_AUTHORIZATION="Bearer mgx_guess", REMOTE_ADDR=address).status_code == 429


def test_a_member_of_two_workspaces_uses_up_only_the_one(owner: CallerInTests, signed_in: Any) -> None:
    other = MembershipFactory(user=owner.user).workspace
    Workspace.objects.filter(pk=other.pk).update(limits={"requests_per_minute": 1})
    api = signed_in(owner.user)
    in_other = lambda: api.get("/api/tasks", HTTP_X_WORKSPACE_SLUG=other.slug)  # noqa: E731
    assert statuses(2, in_other) == [200, 429]
    assert api.get("/api/tasks", HTTP_X_WORKSPACE_SLUG=owner.workspace.slug).status_code == 200
