"""The event log on Kafka: everything at least once, in order for each run, whatever happens to the broker and the relay."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections, transaction

from mgx_project.common import clock
from tests.factories import WorkspaceFactory
from workspaces import event_log, relay
from workspaces.kafka import BusProducer
from workspaces.models import Event, RelayCursor, RelayLease, Workspace
from workspaces.relay import Relay, lag

from ..support import s3
from ..support.kafka import Broker, serve
from ..support.patience import SOON

TOPIC = "mgx.events"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.S3]:
    with s3.serve(tmp_path_factory.mktemp("s3") / "store") as server:
        yield server


@pytest.fixture
def broker(tmp_path: Path, store: s3.S3) -> Iterator[Broker]:
    with serve(tmp_path / "kafka", store) as server:
        yield server


def write(workspace: Workspace, run_id: uuid.UUID, first: int, count: int) -> None:
    with transaction.atomic():
        at = Workspace.objects.select_for_update().get(pk=workspace.pk).event_position
        said = [{"phase": "p", "step": n, "total_steps": 9, "percent": 1} for n in range(count)]
        Event.objects.for_workspace(workspace.pk).bulk_create(
            Event(
                workspace_id=workspace.pk, run_id=run_id, seq=first + n, position=at + n + 1, type="progress", data=data,
                created_at=clock.now(),
            )
            for n, data in enumerate(said)
        )  # fmt: skip
        Workspace.objects.filter(pk=workspace.pk).update(event_position=at + count)


def relayed(broker: Broker, topic: str, stop: threading.Event) -> Relay:
    return Relay(BusProducer(broker.servers, topic), topic, stop.is_set)


def seen_by_run(messages: list[tuple[str, bytes, dict[str, bytes]]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for key, value, _ in messages:
        found.setdefault(key, []).append(json.loads(value)["seq"])
    return found


def once(numbers: list[int]) -> list[int]:
    """As a consumer takes them: what is not after the last is a repetition."""
    taken: list[int] = []
    for number in numbers:
        if number > (taken[-1] if taken else 0):
            assert number == (taken[-1] if taken else 0) + 1, "a gap before a later event"
            taken.append(number)
    return taken


@pytest.mark.django_db(transaction=True)
def test_events_reach_the_topic_through_restarts_of_broker_and_relay(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    topic = f"{TOPIC}.{uuid.uuid4().hex[:8]}"
    broker.make(topic)
    monkeypatch.setattr(relay, "BATCH", 10)
    monkeypatch.setattr(settings, "KAFKA_BOOTSTRAP_SERVERS", broker.servers)
    monkeypatch.setattr(settings, "KAFKA_TOPIC", topic)
    first, second = WorkspaceFactory(), WorkspaceFactory()
    runs = {uuid.uuid4(): first, uuid.uuid4(): first, uuid.uuid4(): second}
    for run_id, workspace in runs.items():
        write(workspace, run_id, 1, 12)
    stop = threading.Event()
    publisher = relayed(broker, topic, stop)
    assert publisher.work() == 20, "a batch of each workspace"
    assert lag(topic).events == 16 and lag(topic).seconds > 0
    assert b"mgx_relay_lag_events 16.0" in client.get("/metrics").content

    # another process stands by while this one lives, and goes on where it was
    other = relayed(broker, topic, stop)
    assert other.work() == 0
    RelayLease.objects.update(expires_at="2000-01-01T00:00Z")
    assert other.work() == 12 and RelayCursor.across_tenants.get(workspace=second).position == 12

    # the broker is killed: nothing moves and nothing is lost; when it is back, the relay that waited goes on by itself
    broker.stop(kill=True)
    for run_id, workspace in runs.items():
        write(workspace, run_id, 13, 5)
    sent: list[int] = []

    def work() -> None:
        try:
            while lag(topic).events:
                sent.append(other.work())
        finally:
            connections.close_all()

    waiting = threading.Thread(target=work)
    waiting.start()
    waiting.join(1.5)
    assert waiting.is_alive() and RelayCursor.across_tenants.get(workspace=second).position == 12
    broker.start()
    waiting.join(SOON)
    assert not waiting.is_alive() and lag(topic) == relay.Lag(0, 0.0)

    # a relay that died between the acknowledgement and its cursor sends a batch again
    RelayCursor.across_tenants.filter(workspace=second).update(position=10)
    assert other.work() == 7
    other.release()
    assert publisher.work() == 0
    total = Event.across_tenants.count()
    messages = broker.read(topic, total + 7)
    by_run = seen_by_run(messages)
    assert {key: once(numbers) for key, numbers in by_run.items()} == {str(run): list(range(1, 18)) for run in runs}
    ids = {headers["event_id"].decode() for _, _, headers in messages}
    assert ids == {str(pk) for pk in Event.across_tenants.values_list("pk", flat=True)}
    for key, value, headers in messages:
        told = json.loads(value)
        assert (told["type"], told["run_id"]) == ("progress", key)
        assert headers["workspace_id"].decode() == told["workspace_id"]


@pytest.mark.django_db(transaction=True)
def test_a_relay_that_is_stopped_while_its_broker_is_away_ends_and_loses_nothing(tmp_path: Path) -> None:
    workspace, stop = WorkspaceFactory(), threading.Event()
    write(workspace, uuid.uuid4(), 1, 3)
    nowhere = Broker(tmp_path / "log")
    publisher = relayed(nowhere, TOPIC, stop)
    threading.Timer(0.3, stop.set).start()
    assert publisher.work() == 0
    assert lag(TOPIC).events == 3


def test_an_event_that_brokers_would_refuse_comes_without_its_data() -> None:
    row: dict[str, Any] = dict.fromkeys(event_log.COLUMNS) | {"id": uuid.uuid4(), "type": "x", "workspace_id": uuid.uuid4()}
    small, large = ({**row, "data": {"text": "x" * size}} for size in (10, relay.MAX_BYTES))
    assert json.loads(relay.record(small).value)["data"] and "data_left_out" not in dict(relay.record(small).headers)
    made = relay.record(large)
    assert json.loads(made.value)["data"] == {} and dict(made.headers)["data_left_out"] == b"1"
    assert made.key == str(row["workspace_id"]).encode(), "events of no run keep the order of their workspace"
