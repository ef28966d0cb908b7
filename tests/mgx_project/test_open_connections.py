"""How many connections one address may hold, over real ones: HTTP that says nothing, and WebSockets."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from websockets.sync.client import connect as connect_websocket

from mgx_project import open_connections
from mgx_project.asgi import application
from tests.support.patience import SOON, wait_for
from tests.support.web import serving

LIMIT = 3
MACHINE = open_connections.MACHINE


async def with_quiet_sockets(scope: Any, receive: Any, send: Any) -> None:
    """The application, with WebSockets that stay open until the client closes them."""
    if scope["type"] != "websocket":
        await application(scope, receive, send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The server with its own configuration, in a thread; this machine counts as any other address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(open_connections, "MACHINE", ())
        patch.setattr(settings, "MGX_CONNECTIONS_PER_ADDRESS", LIMIT)
        with serving(with_quiet_sockets) as number:
            yield number


@pytest.fixture
def connect(port: int) -> Iterator[Callable[[], socket.socket]]:
    opened: list[socket.socket] = []

    def one() -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", port), timeout=SOON))
        return opened[-1]

    yield one
    for each in opened:
        each.close()
    wait_for(lambda: not open_connections._open)


def answer_of(client: socket.socket) -> bytes:
    client.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return client.recv(65536)


def test_one_connection_too_many_is_refused_until_another_ends(connect: Callable[[], socket.socket]) -> None:
    held = [connect() for _ in range(LIMIT)]
    assert all(answer_of(each).startswith(b"HTTP/1.1 200") for each in held)
    refused = connect().recv(65536)
    head, _, body = refused.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 429")
    assert json.loads(body)["code"] == "too_many_connections"
    held[0].close()
    wait_for(lambda: sum(open_connections._open.values()) < LIMIT)
    assert answer_of(connect()).startswith(b"HTTP/1.1 200")


def test_a_websocket_is_a_connection_for_as_long_as_it_lives(port: int, connect: Callable[[], socket.socket]) -> None:
    url = f"ws://127.0.0.1:{port}/ws/stream"
    with connect_websocket(url, proxy=None, open_timeout=SOON), connect_websocket(url, proxy=None, open_timeout=SOON):
        pass
    wait_for(lambda: not open_connections._open)
    held = [connect() for _ in range(LIMIT - 1)]
    assert all(answer_of(each).startswith(b"HTTP/1.1 200") for each in held)
    with connect_websocket(url, proxy=None, open_timeout=SOON):
        assert sum(open_connections._open.values()) == LIMIT
    wait_for(lambda: sum(open_connections._open.values()) == LIMIT - 1)


@pytest.mark.parametrize(("address", "proxies"), [("127.0.0.1", []), ("::1", []), ("10.0.0.9", ["10.0.0.0/8"])])
def test_this_machine_and_our_proxies_are_not_counted(
    address: str, proxies: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_connections, "MACHINE", MACHINE)
    monkeypatch.setattr(settings, "MGX_CONNECTIONS_PER_ADDRESS", 1)
    monkeypatch.setattr(settings, "MGX_TRUSTED_PROXIES", proxies)
    assert [open_connections.enter(address) for _ in range(3)] == ["", "", ""]


def test_addresses_of_one_network_share_their_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MGX_CONNECTIONS_PER_ADDRESS", 2)
    groups = [open_connections.enter(f"2001:db8:7::{n}") for n in range(3)]
    assert groups == ["2001:db8:7::/64", "2001:db8:7::/64", None]
    for group in groups:
        open_connections.leave(group or "")
    assert open_connections.enter("2001:db8:7::9") == "2001:db8:7::/64"
    open_connections.leave("2001:db8:7::/64")
