"""Who keeps a socket: the credential and the membership are asked again while it is open."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.utils import timezone

from mgx_project.routing import websockets
from tests.conftest import CallerInTests
from tests.support.patience import SOON
from workspaces.models import ApiToken, Membership
from workspaces.socket_auth import authenticate

pytestmark = pytest.mark.django_db


def scope(**query: str) -> dict[str, Any]:
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return {"headers": [], "query_string": text.encode(), "subprotocols": []}


def end_token(caller: CallerInTests) -> None:
    ApiToken.objects.for_workspace(caller.workspace.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def revoke_token(caller: CallerInTests) -> None:
    ApiToken.objects.for_workspace(caller.workspace.pk).update(revoked_at=timezone.now())


def leave(caller: CallerInTests) -> None:
    Membership.objects.filter(user=caller.user).delete()


def deactivate(caller: CallerInTests) -> None:
    caller.user.is_active = False
    caller.user.save()


@pytest.mark.parametrize("end", [end_token, revoke_token, leave, deactivate])
def test_a_ticket_is_worth_no_more_than_its_token(owner: CallerInTests, end: Any) -> None:
    tickets = [owner.api.post("/api/auth/ws-ticket").json()["ticket"] for _ in range(2)]
    assert authenticate(scope(ticket=tickets[0])) is not None
    end(owner)
    assert authenticate(scope(ticket=tickets[1])) is None


def test_a_socket_of_no_path_is_closed_as_an_unseen_one() -> None:
    async def close_code() -> Any:
        socket = WebsocketCommunicator(websockets, "/ws/nope")
        accepted, _ = await socket.connect(timeout=SOON)
        assert accepted
        return await socket.receive_output(timeout=SOON)

    assert asyncio.run(close_code()) == {"type": "websocket.close", "code": 4404}
