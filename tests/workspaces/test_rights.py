"""Rights end when they end: each way in × each way out, seen by a request, by a socket and by a followed log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from mgx_project.routing import websockets
from tests.conftest import Api
from tests.factories import PASSWORD, MembershipFactory, TaskRunFactory
from tests.support.patience import SOON
from workspaces import rights
from workspaces.models import ApiToken, Membership, Role, User
from workspaces.tokens import create_api_token, revoke_api_token

pytestmark = pytest.mark.django_db(transaction=True)
LOOKED_AT_EVERY = rights.RECHECK_SECONDS
"""Before the tests lower it."""


LIFETIME = 20
"""Seconds of a JWT that ends during its test: by then all is open, on a busy machine too."""


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "RECHECK_SECONDS", 0.1)
    monkeypatch.setattr(rights, "SHARED_SECONDS", 0.05)
    cache.clear()


class Person:
    """A viewer of a workspace who is signed in in one of three ways, with a socket and a followed log open."""

    def __init__(self, way: str) -> None:
        owner = MembershipFactory(role=Role.OWNER)
        self.workspace = owner.workspace
        self.user: User = MembershipFactory(workspace=self.workspace, role=Role.VIEWER).user
        self.run = TaskRunFactory(workspace=self.workspace)
        self.owner = owner.user
        self.pair: dict[str, str] = {}
        self.api = Api()
        self.headers: list[tuple[bytes, bytes]] = []
        getattr(self, f"_by_{way}")()

    def _bearer(self, secret: str) -> None:
        self.api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        self.headers = [(b"authorization", f"Bearer {secret}".encode())]

    def _by_token(self) -> None:
        self.parent, maker = create_api_token(workspace_id=self.workspace.pk, user=self.user, name="parent", role=Role.VIEWER)
        api = Api()
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {maker}")
        child = api.post("/api/tokens", {"name": "child"}).json()
        self.token_id = child["id"]
        self._bearer(child["token"])

    def _by_jwt(self) -> None:
        self.pair = Api().post("/api/auth/token", {"username": self.user.username, "password": PASSWORD}).json()
        self._bearer(self.pair["access"])

    def _by_short_jwt(self) -> None:
        self._by_jwt()
        short = AccessToken(self.pair["access"])
        short.payload["exp"] = int(time.time()) + LIFETIME
        self._bearer(str(short))

    def _by_session(self) -> None:
        self.browser = Client()
        assert self.browser.login(username=self.user.username, password=PASSWORD)
        key = self.browser.cookies[settings.SESSION_COOKIE_NAME].value
        self.api.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: key})
        cookie = f"{settings.SESSION_COOKIE_NAME}={key}".encode()
        self.headers = [(b"cookie", cookie), (b"origin", b"http://mgx.test"), (b"host", b"mgx.test")]

    def asks(self) -> int:
        return int(self.api.get(f"/api/runs/{self.run.pk}").status_code)


def revoke(person: Person) -> None:
    with rights.transaction.atomic():
        revoke_api_token(ApiToken.across_tenants.get(pk=person.token_id))


def revoke_parent(person: Person) -> None:
    owner = Api()
    _, secret = create_api_token(workspace_id=person.workspace.pk, user=person.owner, name="o", role=Role.OWNER)
    owner.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert owner.delete(f"/api/tokens/{person.parent.pk}").status_code == 204


def delete_parent(person: Person) -> None:
    person.parent.delete()


def expire(person: Person) -> None:
    """In silence: nobody announces that time has passed."""
    ApiToken.across_tenants.filter(pk=person.token_id).update(expires_at=timezone.now() - timedelta(seconds=1))


def wait(person: Person) -> None:
    """Until the JWT has ended."""
    exp = AccessToken(person.headers[0][1].decode().partition(" ")[2], verify=False)["exp"]
    time.sleep(max(0.0, (datetime.fromtimestamp(exp, UTC) - datetime.now(UTC)).total_seconds()))


def deactivate(person: Person) -> None:
    person.user.is_active = False
    person.user.save()


def deactivate_in_silence(person: Person) -> None:
    User.objects.filter(pk=person.user.pk).update(is_active=False)


def remove(person: Person) -> None:
    owner = Api()
    _, secret = create_api_token(workspace_id=person.workspace.pk, user=person.owner, name="o", role=Role.OWNER)
    owner.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert owner.delete(f"/api/workspaces/{person.workspace.pk}/members/{person.user.pk}").status_code == 204


def change_password(person: Person) -> None:
    user = User.objects.get(pk=person.user.pk)
    user.set_password("another horse battery")
    user.save()


def sign_out(person: Person) -> None:
    assert Api().post("/api/auth/revoke", {"refresh": person.pair["refresh"]}).status_code == 200


def reuse(person: Person) -> None:
    assert Api().post("/api/auth/refresh", {"refresh": person.pair["refresh"]}).status_code == 200
    assert Api().post("/api/auth/refresh", {"refresh": person.pair["refresh"]}).status_code == 401


def log_out(person: Person) -> None:
    person.browser.logout()


WAYS = [
    *[("token", end) for end in (revoke, revoke_parent, delete_parent, expire, deactivate, remove, change_password)],
    *[("jwt", end) for end in (deactivate, deactivate_in_silence, remove, change_password, sign_out, reuse)],
    ("short_jwt", wait),
    *[("session", end) for end in (deactivate, remove, change_password, log_out)],
]


@pytest.mark.parametrize(("way", "end"), WAYS, ids=lambda value: getattr(value, "__name__", value))
def test_what_is_open_ends_with_the_right(way: str, end: Callable[[Person], None]) -> None:
    person = Person(way)
    assert person.asks() == 200

    async def listen() -> tuple[Any, str]:
        socket = WebsocketCommunicator(websockets, "/ws/stream", headers=person.headers)
        assert (await socket.connect(timeout=SOON))[0]
        assert '"live"' in await socket.receive_from(timeout=SOON)
        followed = await sync_to_async(person.api.get)(f"/api/runs/{person.run.pk}/logs?follow=true")
        assert followed.status_code == 200
        lines = asyncio.ensure_future(_all(followed.streaming_content))
        await asyncio.sleep(0.2)
        assert not lines.done()
        await sync_to_async(end)(person)
        closed = await socket.receive_output(timeout=SOON)
        return closed, await asyncio.wait_for(lines, SOON)

    closed, text = asyncio.run(listen())
    assert closed == {"type": "websocket.close", "code": 4401}
    assert text.split()[1] == "access_ended"
    assert person.asks() in {401, 403, 404, 400}


async def _all(lines: AsyncIterator[bytes]) -> str:
    return b"".join([line async for line in lines]).decode()


@pytest.mark.parametrize("way", ["token", "jwt", "session"])
def test_what_somebody_else_loses_ends_nothing_of_mine(way: str) -> None:
    person = Person(way)
    other = MembershipFactory(workspace=person.workspace, role=Role.VIEWER)

    async def listen() -> None:
        socket = WebsocketCommunicator(websockets, "/ws/stream", headers=person.headers)
        assert (await socket.connect(timeout=SOON))[0]
        assert '"live"' in await socket.receive_from(timeout=SOON)
        await sync_to_async(other.delete)()
        assert await socket.receive_nothing(timeout=0.5)
        await socket.send_to(text_data="{}")
        assert "pong" in await socket.receive_from(timeout=SOON)
        await socket.disconnect(timeout=SOON)

    asyncio.run(listen())
    assert person.asks() == 200


def test_many_sockets_of_one_person_ask_once() -> None:
    person = Person("token")
    credential = rights.Credential(person.user.pk, token_id=person.token_id)

    async def ask() -> list[bool]:
        return [await rights.still_holds(credential, person.workspace.pk) for _ in range(200)]

    asked: list[int] = []
    holds = rights.Credential.holds

    def counted(self: Any, workspace_id: Any) -> bool:
        asked.append(1)
        return holds(self, workspace_id)

    rights.Credential.holds = counted  # type: ignore[method-assign]
    try:
        assert asyncio.run(ask()) == [True] * 200
    finally:
        rights.Credential.holds = holds  # type: ignore[method-assign]
    assert len(asked) <= 3


@pytest.mark.parametrize("way", ["jwt", "session"])
def test_a_sign_in_of_before_does_not_come_back_with_a_new_membership(way: str) -> None:
    person = Person(way)
    remove(person)
    Membership.objects.create(workspace=person.workspace, user=person.user, role=Role.VIEWER)
    answer = person.api.get(f"/api/runs/{person.run.pk}")
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_again")
    getattr(person, f"_by_{way}")()
    assert person.asks() == 200


def test_a_refreshed_pair_of_before_does_not_come_back_either() -> None:
    person = Person("jwt")
    remove(person)
    Membership.objects.create(workspace=person.workspace, user=person.user, role=Role.VIEWER)
    fresh = Api().post("/api/auth/refresh", {"refresh": person.pair["refresh"]}).json()
    person._bearer(fresh["access"])
    assert person.asks() == 403


def test_a_removed_member_keeps_what_is_of_other_workspaces() -> None:
    person = Person("jwt")
    elsewhere = MembershipFactory(user=person.user)
    token, _ = create_api_token(workspace_id=elsewhere.workspace_id, user=person.user, name="e", role=Role.OWNER)
    remove(person)
    assert person.api.get("/api/tasks").status_code == 200
    assert ApiToken.across_tenants.get(pk=token.pk).revoked_at is None


def test_what_came_of_a_refresh_ends_with_its_family_and_another_sign_in_does_not() -> None:
    person = Person("jwt")
    first = person.pair
    second = Api().post("/api/auth/refresh", {"refresh": first["refresh"]}).json()
    person._by_jwt()
    other = person.pair
    assert Api().post("/api/auth/refresh", {"refresh": first["refresh"]}).status_code == 401
    assert Api().post("/api/auth/refresh", {"refresh": second["refresh"]}).status_code == 401
    for pair, status in ((first, 401), (second, 401), (other, 200)):
        person._bearer(pair["access"])
        assert person.asks() == status
    assert Api().post("/api/auth/refresh", {"refresh": other["refresh"]}).status_code == 200


def test_a_stronger_hash_of_the_same_password_ends_no_token(settings: Any) -> None:
    person = Person("token")
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    before = User.objects.get(pk=person.user.pk).password
    assert Api().post("/api/auth/token", {"username": person.user.username, "password": PASSWORD}).status_code == 200
    assert User.objects.get(pk=person.user.pk).password != before
    assert person.asks() == 200


def test_an_account_that_is_active_again_has_nothing_left_from_before() -> None:
    for way in ("token", "jwt", "session"):
        person = Person(way)
        deactivate(person)
        person.user.is_active = True
        person.user.save()
        assert person.asks() in {401, 403}, way


def test_a_right_is_looked_at_within_five_seconds() -> None:
    assert LOOKED_AT_EVERY + rights.SHARED_SECONDS <= 5
