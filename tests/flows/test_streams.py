"""Replay, then live: every socket sends each event once, in order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.support.patience import SOON

from .conftest import PASSWORD, Accounts, Server


def until(socket: ClientConnection, kind: str, *, within: float = 180) -> list[dict[str, Any]]:
    """The frames up to the first of type ``kind``."""
    frames: list[dict[str, Any]] = []
    while not frames or frames[-1]["type"] != kind:
        frames.append(json.loads(socket.recv(timeout=within)))
    return frames


def test_the_six_sockets_tell_the_same_story(server: Server, shop: Path) -> None:
    run = server.edit_run(shop)
    repository = server.get(f"/api/tasks/{run['task_id']}").json()["repository_id"]
    server.finished(run["id"])
    stored = server.events(run["id"])
    last = stored[-1]["id"]

    with server.socket(f"/ws/runs/{run['id']}") as socket:
        frames = until(socket, "live")
        assert frames[:-1] == stored
        assert frames[-1] == {"type": "live", "after": stored[-1]["seq"]}
    with server.socket(f"/ws/runs/{run['id']}?after=5") as socket:
        assert [frame["seq"] for frame in until(socket, "live")[:-1]] == list(range(6, len(stored) + 1))
    with server.socket(f"/ws/runs/{run['id']}/?batch=1") as socket:
        assert until(socket, "live")[0] == {"type": "batch", "events": stored}
    for path in (f"/ws/tasks/{run['task_id']}", f"/ws/projects/{run['project_id']}"):
        with server.socket(f"{path}?after={stored[0]['id'] - 1}") as socket:
            found = [frame for frame in until(socket, "live")[:-1] if frame["run_id"] == run["id"]]
            assert found == stored
    with server.socket(f"/ws/stream?after={stored[0]['id'] - 1}&types=completion,plan_ready") as socket:
        assert [frame["type"] for frame in until(socket, "completion")] == ["plan_ready", "completion"]
    with server.socket(f"/ws/metrics?after={stored[0]['id']}") as socket:
        counters = until(socket, "metrics_updated")[-1]
        assert counters["data"]["counters"]
        assert counters["id"] >= last - 1
    with server.socket(f"/ws/repositories/{repository}") as socket:
        assert {frame["type"] for frame in until(socket, "live")[:-1]} == {"repository_changed"}


def test_a_live_client_sees_each_event_once_in_order(server: Server, shop: Path) -> None:
    run = server.edit_run(shop)
    with server.socket(f"/ws/runs/{run['id']}") as socket:
        frames = until(socket, "completion")
    seqs = [frame["seq"] for frame in frames if "seq" in frame]
    assert seqs == list(range(1, len(seqs) + 1))


def test_followed_logs_end_with_the_run(server: Server, shop: Path) -> None:
    run = server.edit_run(shop)
    state = server.state
    address, headers = f"{state['base_url']}/api/runs/{run['id']}/logs", {"Authorization": f"Bearer {state['token']}"}
    with httpx.stream("GET", address, params={"follow": "true"}, headers=headers, timeout=SOON) as answer:
        lines = list(answer.iter_lines())
    assert lines == server.get(f"/api/runs/{run['id']}/logs").text.splitlines()
    told = [event["type"] for event in server.events(run["id"]) if event["message"]]
    assert [line.split()[1] for line in lines] == told


def test_every_way_to_authenticate_a_socket(server: Server) -> None:
    state = server.state
    base = state["base_url"].replace("http", "ws", 1)
    with connect(f"{base}/ws/stream", subprotocols=[f"mgx.bearer.{state['token']}"]) as socket:  # type: ignore[list-item]
        assert socket.subprotocol == f"mgx.bearer.{state['token']}"
        until(socket, "live")
        socket.send('{"type":"ping"}')
        until(socket, "pong")
    ticket = server.post("/api/auth/ws-ticket", {})["ticket"]
    with connect(f"{base}/ws/stream?ticket={ticket}") as socket:
        until(socket, "live")
    for query in (f"?ticket={ticket}", "?ticket=x", ""):
        with connect(f"{base}/ws/stream{query}") as socket, pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=SOON)
        assert closed.value.rcvd and closed.value.rcvd.code == 4401
    with pytest.raises(InvalidStatus):
        connect(
            f"{base}/ws/stream",
            additional_headers={"Authorization": f"Bearer {state['token']}", "Origin": "https://evil.example"},
        )


def test_a_revoked_token_closes_its_socket(server: Server) -> None:
    token = server.post("/api/tokens", {"name": "soon gone", "role": "viewer"})
    base = server.state["base_url"].replace("http", "ws", 1)
    with connect(f"{base}/ws/stream", additional_headers={"Authorization": f"Bearer {token['token']}"}) as socket:
        until(socket, "live")
        assert server.request("DELETE", f"/api/tokens/{token['id']}").status_code == 204
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket.recv(timeout=SOON)
    assert closed.value.rcvd and closed.value.rcvd.code == 4401


def test_another_workspace_sees_nothing_on_any_socket(server: Server, accounts: Accounts, shop: Path) -> None:
    run = server.edit_run(shop)
    server.finished(run["id"])
    task = server.get(f"/api/tasks/{run['task_id']}").json()
    paths = [
        f"/ws/runs/{run['id']}", f"/ws/tasks/{task['id']}", f"/ws/projects/{task['project_id']}",
        f"/ws/repositories/{task['repository_id']}", f"/ws/stream?workspace={run['workspace_id']}",
    ]  # fmt: skip
    base = server.state["base_url"].replace("http", "ws", 1)
    secret = accounts.take(own_workspace=True).token
    for path in paths:
        with connect(base + path, additional_headers={"Authorization": f"Bearer {secret}"}) as socket:
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=SOON)
        assert closed.value.rcvd and closed.value.rcvd.code == 4404, path
    with connect(f"{base}/ws/stream", additional_headers={"Authorization": f"Bearer {secret}"}) as socket:
        assert run["id"] not in json.dumps(until(socket, "live"))


def test_a_removed_member_loses_the_socket_of_that_workspace_only(server: Server, accounts: Accounts) -> None:
    leaver = accounts.take(own_workspace=True)
    workspace = server.get("/api/me").json()["workspaces"][0]["id"]
    invitation = server.post(f"/api/workspaces/{workspace}/invitations", {"role": "viewer"})["token"]
    signed_in = {"username": leaver.name, "password": PASSWORD}
    access = server.post("/api/auth/token", signed_in)["access"]
    base = server.state["base_url"].replace("http", "ws", 1)
    headers = {"Authorization": f"Bearer {access}"}
    accept = server.state["base_url"] + "/api/invitations/accept"
    assert httpx.post(accept, json={"token": invitation}, headers=headers, timeout=SOON).status_code == 200
    member = httpx.get(server.state["base_url"] + "/api/me", headers=headers, timeout=SOON).json()["id"]
    with (
        connect(f"{base}/ws/stream?workspace={workspace}", additional_headers=headers) as socket,
        connect(f"{base}/ws/stream?workspace={leaver.name}", additional_headers=headers) as own,
    ):
        until(socket, "live")
        until(own, "live")
        assert server.request("DELETE", f"/api/workspaces/{workspace}/members/{member}").status_code == 204
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket.recv(timeout=SOON)
        own.send("{}")
        until(own, "pong")
    assert closed.value.rcvd and closed.value.rcvd.code == 4401
