"""Redis frozen, full or gone: what a request asked for is done and answered, and workers find it by themselves."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dramatiq
import pytest
import redis
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings
from dramatiq import Message
from dramatiq.errors import ConnectionClosed

from mgx_project.broker import SEND_SECONDS, WakingRedisBroker
from mgx_project.common import channel_broadcast
from mgx_project.common.channel_broadcast import Broadcaster
from mgx_project.embedded.services import Services
from runs.lifecycle import cancel_channel
from runs.models import TaskRun
from tests.conftest import CallerInTests
from tests.factories import TaskFactory
from tests.support.log_lines import logged
from tests.support.patience import SOON, wait_for

BOUND_SECONDS = 0.5


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Services]:
    with Services(tmp_path, start_database=False) as running:
        yield running
        send(running, signal.SIGCONT)


def send(valkey: Services, number: int) -> None:
    process = valkey.children[0].process
    assert process is not None
    process.signal(number)


def make_full(valkey: Services) -> None:
    with redis.Redis.from_url(valkey.redis_url) as client:
        client.config_set("maxmemory", 1)


TROUBLES = {
    "frozen": lambda valkey: send(valkey, signal.SIGSTOP),
    "gone": lambda valkey: send(valkey, signal.SIGKILL),
    "full": make_full,
}


@pytest.fixture(params=list(TROUBLES))
def broker(request: pytest.FixtureRequest, valkey: Services) -> Iterator[WakingRedisBroker]:
    """It has worked once, and then its Redis is in trouble."""
    broker = WakingRedisBroker(url=valkey.redis_url, namespace="away", middleware=[])
    wait_for(lambda: enqueued(broker))
    TROUBLES[request.param](valkey)
    before = dramatiq.get_broker()
    dramatiq.set_broker(broker)
    yield broker
    dramatiq.set_broker(before)


def message() -> Message[Any]:
    return Message(queue_name="runs", actor_name="do_next_run", args=(), kwargs={}, options={})


def enqueued(broker: WakingRedisBroker) -> bool:
    """False where this machine was too busy for SEND_SECONDS."""
    try:
        broker.enqueue(message())
    except redis.RedisError:
        return False
    return True


def test_enqueueing_ends_soon_with_an_error(broker: WakingRedisBroker) -> None:
    begun = time.monotonic()
    with pytest.raises(redis.RedisError):
        broker.enqueue(message())
    assert time.monotonic() - begun < SOON, "what is bounded is SEND_SECONDS; the rest is for a busy machine"
    assert 2 * SEND_SECONDS < BOUND_SECONDS


@pytest.mark.django_db(transaction=True)
def test_a_run_is_queued_answered_and_cancelled(
    owner: CallerInTests, broker: WakingRedisBroker, valkey: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", valkey.redis_url)
    monkeypatch.setattr(cancel_channel, "PUBLISH_SECONDS", 0.2)
    cancel_channel._client.cache_clear()
    task = TaskFactory(workspace=owner.workspace)
    with logged() as lines:
        made = owner.api.post("/api/runs", {"task_id": str(task.pk)})
        ended = owner.api.post(f"/api/runs/{made.json()['id']}/cancel")
    cancel_channel._client.cache_clear()
    assert (made.status_code, ended.status_code) == (201, 200), (made.content, ended.content)
    assert TaskRun.objects.for_workspace(owner.workspace.pk).get().status == "cancelled"
    assert lines.of("no worker could be woken, the run is found within seconds")


def test_announcements_wait_no_longer_than_they_may(valkey: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that sends goes on after a frozen Redis, and what waits for it is bounded."""
    monkeypatch.setattr(channel_broadcast, "SEND_SECONDS", 1.0)
    monkeypatch.setattr(channel_broadcast, "WAITING", 3)
    layer = RedisPubSubChannelLayer(hosts=[valkey.redis_url], prefix="away")
    monkeypatch.setattr(channel_broadcast, "get_channel_layer", lambda: layer)
    broadcaster = Broadcaster()
    send(valkey, signal.SIGSTOP)
    with logged() as lines:
        for number in range(10):
            broadcaster.send(["run.1"], {"type": "stream.event", "number": number})
        deadline = time.monotonic() + SOON
        while sum(1 + line["dropped"] for line in lines.of(channel_broadcast.NOT_DELIVERED)) < 10:
            assert time.monotonic() < deadline, lines
            time.sleep(0.02)
        assert sum(line["dropped"] for line in lines.of(channel_broadcast.NOT_DELIVERED)) >= 6
        send(valkey, signal.SIGCONT)
        with redis.Redis.from_url(valkey.redis_url) as client, client.pubsub(ignore_subscribe_messages=True) as listening:
            listening.subscribe("away__group__run.2")
            while not listening.subscribed or listening.get_message(timeout=0.1) is None:
                assert time.monotonic() < deadline
                broadcaster.send(["run.2"], {"type": "stream.event", "number": 11})


def test_a_worker_takes_a_frozen_redis_for_a_dead_one_and_connects_again(
    valkey: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mgx_project.broker.CONSUME_SECONDS", 2.0)
    broker = WakingRedisBroker(url=valkey.redis_url, namespace="away", middleware=[])
    broker.declare_queue("runs")
    consumer = broker.consume("runs", prefetch=2, timeout=100)
    wait_for(lambda: enqueued(broker))
    held = next(consumer)
    assert held is not None
    send(valkey, signal.SIGSTOP)
    for call in (lambda: next(consumer), lambda: consumer.ack(held), lambda: consumer.requeue([held])):
        with pytest.raises(ConnectionClosed):
            call()
    send(valkey, signal.SIGCONT)
    assert next(broker.consume("runs", prefetch=2, timeout=100)) is None, "it answers"
