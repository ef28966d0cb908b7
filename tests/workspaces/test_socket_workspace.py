"""Which workspace a socket is of: a handshake that names another one than its credential opens nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from mgx_project.routing import websockets
from tests.conftest import Api
from tests.factories import PASSWORD, MembershipFactory, TaskRunFactory
from tests.support.patience import SOON
from workspaces.models import Role, Workspace
from workspaces.tokens import create_api_token

pytestmark = pytest.mark.django_db(transaction=True)
LIVE, NOT_VISIBLE = "live", 4404


class Member:
    """Somebody who belongs to two workspaces and is signed in to the first."""

    def __init__(self, way: str) -> None:
        here = MembershipFactory(role=Role.DEVELOPER)
        there = MembershipFactory(user=here.user, role=Role.DEVELOPER)
        self.here: Workspace = here.workspace
        self.there: Workspace = there.workspace
        self.run, self.other_run = TaskRunFactory(workspace=self.here), TaskRunFactory(workspace=self.there)
        self.api = Api()
        if way == "token":
            _, secret = create_api_token(workspace_id=self.here.pk, user=here.user, name="t", role=Role.DEVELOPER)
        else:
            secret = Api().post("/api/auth/token", {"username": here.user.username, "password": PASSWORD}).json()["access"]
        self.bearer = (b"authorization", f"Bearer {secret}".encode())
        self.api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")

    def ticket(self) -> str:
        made = self.api.post("/api/auth/ws-ticket", headers={"X-Workspace-Slug": self.here.slug})
        assert made.status_code == 201, made.content
        return str(made.json()["ticket"])


async def opened(path: str, *headers: tuple[bytes, bytes]) -> Any:
    """``live``, or the code with which the socket was closed."""
    socket = WebsocketCommunicator(websockets, path, headers=list(headers))
    assert (await socket.connect(timeout=SOON))[0]
    first = await socket.receive_output(timeout=SOON)
    if first["type"] == "websocket.close":
        return first["code"]
    await socket.disconnect(timeout=SOON)
    assert '"live"' in first["text"]
    return LIVE


def header_of(workspace: Workspace, kind: str) -> tuple[bytes, bytes]:
    by_id = kind == "id"
    return (b"x-workspace-id", str(workspace.pk).encode()) if by_id else (b"x-workspace-slug", workspace.slug.encode())


@pytest.mark.parametrize("way", ["token", "jwt"])
@pytest.mark.parametrize("path", ["/ws/stream?", "/ws/metrics?", "/ws/runs/{run}?"])
def test_a_ticket_opens_sockets_of_its_own_workspace_only(way: str, path: str) -> None:
    member = Member(way)

    async def tries() -> list[Any]:
        base = path.format(run=member.run.pk)
        results = []
        for named in ("", f"&workspace={member.here.slug}", f"&workspace={member.there.slug}", f"&workspace={member.there.pk}"):
            ticket = await sync_to_async(member.ticket)()
            results.append(await opened(f"{base}ticket={ticket}{named}"))
        ticket = await sync_to_async(member.ticket)()
        results.append(await opened(f"{base}ticket={ticket}", header_of(member.there, "slug")))
        return results

    assert asyncio.run(tries()) == [LIVE, LIVE, NOT_VISIBLE, NOT_VISIBLE, NOT_VISIBLE]


@pytest.mark.parametrize("way", ["token", "jwt"])
def test_a_ticket_shows_no_run_of_another_workspace_of_its_person(way: str) -> None:
    member = Member(way)
    path = f"/ws/runs/{member.other_run.pk}?ticket={member.ticket()}"
    assert asyncio.run(opened(path)) == NOT_VISIBLE
    assert (
        asyncio.run(opened(f"/ws/runs/{member.other_run.pk}?ticket={member.ticket()}&workspace={member.there.slug}"))
        == NOT_VISIBLE
    )


@pytest.mark.parametrize("kind", ["id", "slug"])
def test_a_header_that_names_another_workspace_than_the_token_closes_the_socket(kind: str) -> None:
    member = Member("token")
    for path in ("/ws/stream", "/ws/metrics", f"/ws/runs/{member.run.pk}"):
        assert asyncio.run(opened(path, member.bearer, header_of(member.here, kind))) == LIVE
        assert asyncio.run(opened(path, member.bearer, header_of(member.there, kind))) == NOT_VISIBLE
        assert asyncio.run(opened(path, member.bearer, (b"x-workspace-slug", b"nope"))) == NOT_VISIBLE


@pytest.mark.parametrize("kind", ["id", "slug"])
def test_a_header_that_names_another_workspace_than_the_object_closes_the_socket(kind: str) -> None:
    """A JWT is good in both workspaces; what it names must still be where the object is."""
    member = Member("jwt")
    path = f"/ws/runs/{member.run.pk}"
    assert asyncio.run(opened(path, member.bearer)) == LIVE
    assert asyncio.run(opened(path, member.bearer, header_of(member.here, kind))) == LIVE
    assert asyncio.run(opened(path, member.bearer, header_of(member.there, kind))) == NOT_VISIBLE
