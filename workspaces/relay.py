"""Publishes the event log to Kafka: at least once, in order for each run, from a stored cursor.

The table of events is the outbox. A batch of a workspace is sent, and when its brokers have acknowledged all of it, the cursor
moves; whoever stops in between sends that batch again. Consumers tell repetitions by `event_id` (docs/KAFKA.md). A broker that
is away or slow makes the cursor wait, and nothing else: events are written by others, and stay where they are.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import structlog
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from mgx_project.common import tenant_wall
from mgx_project.common.rendering import dumps

from .event_log import COLUMNS, envelope
from .models import Event, RelayCursor, RelayLease

log = structlog.stdlib.get_logger(__name__)
BATCH = 500
"""Events of one workspace that are on their way at a time: those behind it wait their turn."""
LEASE_SECONDS = 15
MAX_BYTES = 900_000
"""Of one message. Brokers refuse more than about 1 MB unless they are told otherwise."""

_BEHIND = """
SELECT workspace.id, coalesce(cursor.position, 0), workspace.event_position
FROM workspaces workspace LEFT JOIN relay_cursors cursor ON cursor.workspace_id = workspace.id AND cursor.topic = %s
WHERE workspace.event_position > coalesce(cursor.position, 0)
ORDER BY cursor.updated_at ASC NULLS FIRST
"""


@dataclass(frozen=True)
class Record:
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()


class BusRefused(Exception):
    """The brokers answered and will not take it: a wrong password, no right to the topic, a message too large."""


class Bus(Protocol):
    """``send`` raises BusRefused."""

    def send(self, records: Sequence[Record], still_wanted: Callable[[], bool]) -> bool: ...


@dataclass(frozen=True)
class Lag:
    """``events`` that are not published yet, and the age of the oldest of them, in seconds."""

    events: int
    seconds: float


class Relay:
    """One process' part. ``stopping`` is asked between batches and while one waits for its brokers."""

    def __init__(self, bus: Bus, topic: str, stopping: Callable[[], bool]) -> None:
        self._bus, self._topic, self._stopping = bus, topic, stopping
        self._owner = uuid.uuid4().hex

    def work(self) -> int:
        """Publishes a batch of every workspace that is behind, the one that waited longest first. Returns the number of events;
        0 too where another process publishes."""
        sent = 0
        refused: BusRefused | None = None
        for workspace_id, position, last in behind(self._topic):
            if self._stopping() or not self._holds():
                break
            try:
                with tenant_wall.within(workspace_id):
                    sent += self._publish(workspace_id, position, last)
            except BusRefused as error:  # what is wrong with one workspace's event keeps no other one waiting
                log.warning("the brokers refuse events of a workspace", workspace_id=str(workspace_id), error=str(error))
                refused = refused or error
        if refused is not None and not sent:
            raise refused
        return sent

    def release(self) -> None:
        """Lets another process go on at once."""
        RelayLease.objects.filter(topic=self._topic, owner=self._owner).update(owner="", expires_at=None)

    def _publish(self, workspace_id: uuid.UUID, position: int, last: int) -> int:
        """``last`` is the workspace's last position, of an event that may be gone by now."""
        rows = Event.objects.for_workspace(workspace_id).filter(position__gt=position).order_by("position")
        found = list(rows.values("id", *COLUMNS)[:BATCH])
        if found:
            if not self._bus.send([record(row) for row in found], self._holds):
                return 0
            last = found[-1]["position"]
        cursors = RelayCursor.objects.for_workspace(workspace_id)
        if not cursors.filter(topic=self._topic, position__lte=last).update(position=last, updated_at=Now()):
            cursors.get_or_create(workspace_id=workspace_id, topic=self._topic, defaults={"position": last})
        return len(found)

    def _holds(self) -> bool:
        """Takes or renews the lease. False where another process has it, or this one is to stop."""
        if self._stopping():
            return False
        lease = {"owner": self._owner, "expires_at": Now() + timedelta(seconds=LEASE_SECONDS)}
        free = Q(owner=self._owner) | Q(expires_at=None) | Q(expires_at__lt=Now())
        if RelayLease.objects.filter(free, topic=self._topic).update(**lease):
            return True
        _, made = RelayLease.objects.get_or_create(topic=self._topic, defaults=lease)
        return made


def record(row: Mapping[str, Any]) -> Record:
    """An event as it is published: the envelope of the WebSocket, keyed by its run so that a run's events stay in order. One
    that is larger than brokers take comes without its data, which the API has."""
    key = str(row["run_id"] or row["workspace_id"]).encode()
    headers = [
        ("event_id", str(row["id"]).encode()),
        ("type", row["type"].encode()),
        ("workspace_id", str(row["workspace_id"]).encode()),
    ]
    value = dumps(envelope(row))
    if len(value) > MAX_BYTES:
        value = dumps({**envelope(row), "data": {}})
        headers.append(("data_left_out", b"1"))
    return Record(key, value, headers)


def behind(topic: str) -> list[tuple[uuid.UUID, int, int]]:
    """Workspaces with unpublished events: id, cursor, last position."""
    with tenant_wall.across_tenants(), connection.cursor() as cursor:
        cursor.execute(_BEHIND, [topic])
        found: list[tuple[uuid.UUID, int, int]] = cursor.fetchall()
    return found


def lag(topic: str) -> Lag:
    """Over all tenants; for `/metrics`."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT coalesce(sum(last - seen), 0), coalesce(extract(epoch FROM now() - min(oldest.created_at)), 0)
            FROM ({_BEHIND}) AS late(id, seen, last)
            LEFT JOIN events oldest ON oldest.workspace_id = late.id AND oldest.position = late.seen + 1
            """,
            [topic],
        )
        events, seconds = cursor.fetchone()
    return Lag(int(events), max(float(seconds), 0.0))
