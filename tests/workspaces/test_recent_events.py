"""Sockets of one object share what is read for them, and each still shows every event once, in order."""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import transaction

from mgx_project.routing import websockets
from runs.events import event_log
from runs.models import TaskRun
from tests.factories import MembershipFactory, TaskRunFactory
from tests.support.patience import SOON
from workspaces import recent_events
from workspaces.consumers_base import EventStream
from workspaces.models import Role
from workspaces.recent_events import RecentEvents, StoredEvent
from workspaces.tokens import create_api_token

SOCKETS, EVENTS = 12, 5


def write(run: TaskRun, number: int) -> None:
    with transaction.atomic():
        event_log.record(run, "model_output", {"role": "engineer", "text": str(number)}, f"Piece {number}")


async def shown(socket: WebsocketCommunicator, kind: str) -> dict[str, Any]:
    while (frame := json.loads(await socket.receive_from(timeout=SOON)))["type"] != kind:
        pass
    found: dict[str, Any] = frame
    return found


@pytest.mark.django_db(transaction=True)
def test_the_rows_of_a_task_are_read_once_for_all_its_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    member = MembershipFactory(role=Role.DEVELOPER)
    run = TaskRunFactory(workspace=member.workspace)
    _, secret = create_api_token(workspace_id=member.workspace.pk, user=member.user, name="t", role=Role.DEVELOPER)
    bearer = (b"authorization", f"Bearer {secret}".encode())
    reads = 0
    stored = EventStream._stored

    def counted(self: EventStream, *after: int) -> Any:
        nonlocal reads
        reads += 1
        return stored(self, *after)

    async def follow() -> list[list[str]]:
        nonlocal reads
        path = f"/ws/tasks/{run.task_id}"
        sockets = [WebsocketCommunicator(websockets, path, headers=[bearer]) for _ in range(SOCKETS)]
        for socket in sockets:
            assert (await socket.connect(timeout=SOON))[0]
            await shown(socket, "live")
        reads = 0
        told: list[list[str]] = [[] for _ in sockets]
        for number in range(EVENTS):
            await sync_to_async(write, thread_sensitive=True)(run, number)
            for socket, texts in zip(sockets, told, strict=True):
                texts.append((await shown(socket, "model_output"))["data"]["text"])
        for socket in sockets:
            await socket.disconnect()
        return told

    monkeypatch.setattr(EventStream, "_stored", counted)
    told = asyncio.run(follow())
    assert told == [[str(number) for number in range(EVENTS)]] * SOCKETS
    assert reads == EVENTS


@pytest.mark.parametrize("seed", range(20))
def test_whatever_announcements_are_lost_each_socket_shows_all(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_events, "KEPT", 3)
    random = Random(seed)
    rows = [number for number in range(1, 60) if random.random() < 0.4] + [60]
    committed = 0

    def read(after: int) -> list[StoredEvent]:
        found = [number for number in rows if after < number <= committed]
        return [StoredEvent(number, "k", "", b"") for number in found[:7]]

    async def follow() -> None:
        nonlocal committed
        recent, seen = RecentEvents(), [list[int]() for _ in range(4)]

        async def catch_up(mine: list[int], number: int) -> None:
            while (mine[-1] if mine else 0) < number:
                mine += [event.number for event in await recent.after(mine[-1] if mine else 0, number, read)]

        for committed in rows:
            listening = [mine for mine in seen if committed == rows[-1] or random.random() < 0.5]
            await asyncio.gather(*(catch_up(mine, committed) for mine in listening))
        assert seen == [rows] * 4

    asyncio.run(follow())


def test_rows_that_are_gone_are_not_waited_for() -> None:
    assert list(asyncio.run(RecentEvents().after(3, 9, lambda after: []))) == []
