"""A message is a wake-up: one that fails, or is no message at all, is deleted, and the next one is taken. On a real Valkey."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import dramatiq
import pytest
import redis
from django.conf import settings
from dramatiq import Message

from mgx_project import broker as queue
from mgx_project.broker import WakingRedisBroker

from ..support.patience import SOON, wait_for

QUEUE = "runs"


@pytest.fixture
def broker() -> Iterator[WakingRedisBroker]:
    broker = WakingRedisBroker(url=settings.REDIS_URL, namespace=f"test-{uuid.uuid4().hex}", middleware=[])
    broker.declare_queue(QUEUE)
    yield broker
    for key in broker.client.scan_iter(f"{broker.namespace}:*"):
        broker.client.delete(key)
    broker.close()


def message(actor: str) -> Message[Any]:
    return Message(queue_name=QUEUE, actor_name=actor, args=(), kwargs={}, options={})


def stop(broker: WakingRedisBroker, worker: dramatiq.Worker) -> None:
    broker.stop_waiting((QUEUE,))
    worker.stop()


def _noted(seen: list[str], name: str, consume: Callable[..., Any], options: dict[str, Any]) -> Any:
    seen.append(name)
    return consume(queue_name=name, **options)


def left(broker: WakingRedisBroker) -> set[str]:
    """What the queue still has."""
    keys = {key.decode().partition(":")[2] for key in broker.client.scan_iter(f"{broker.namespace}:*")}
    return keys - {"__heartbeats__"}


@pytest.mark.parametrize("poison", [b"", b"\xff\xfe", b"42", b"{}", b'{"queue_name": "runs"}', b"[" * 100_000], ids=range(6))
def test_what_is_no_message_harms_neither_its_worker_nor_the_next_one(
    broker: WakingRedisBroker, poison: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumers, consume = list[str](), broker.consume
    monkeypatch.setattr(broker, "consume", lambda queue_name, **options: _noted(consumers, queue_name, consume, options))
    foreign = message("works").copy(queue_name="other", options={"redis_message_id": "foreign"}).encode()
    unnamed = message("works").encode()
    odd = json.dumps({**json.loads(unnamed), "message_id": [], "options": None}).encode()
    done = threading.Event()
    dramatiq.actor(done.set, actor_name="works", queue_name=QUEUE, broker=broker)
    for name, data in (("poison", poison), ("foreign", foreign), ("unnamed", unnamed), ("odd", odd)):
        broker.do_enqueue(QUEUE, name, data)
    worker = dramatiq.Worker(broker, queues={QUEUE}, worker_threads=1, worker_timeout=100)
    worker.start()
    try:
        broker.enqueue(message("works"))
        assert done.wait(SOON)
        wait_for(lambda: not left(broker))
        assert sorted(consumers) == [QUEUE, f"{QUEUE}.DQ"], "no consumer fell and had to be made again"
        assert all(thread.is_alive() for thread in worker.workers)
    finally:
        stop(broker, worker)


def test_a_message_whose_actor_fails_is_gone_and_the_next_one_is_taken(broker: WakingRedisBroker) -> None:
    """There are no dead letters: the row says what is due."""
    done = threading.Event()

    def fail() -> None:
        raise ValueError("as an actor with a fault does")

    dramatiq.actor(fail, actor_name="fails", queue_name=QUEUE, broker=broker)
    dramatiq.actor(done.set, actor_name="works", queue_name=QUEUE, broker=broker)
    for name in ("fails", "of an older version", "works"):
        broker.enqueue(message(name))
    worker = dramatiq.Worker(broker, queues={QUEUE}, worker_threads=1, worker_timeout=100)
    worker.start()
    try:
        assert done.wait(SOON)
        wait_for(lambda: not left(broker))
    finally:
        stop(broker, worker)


def test_a_worker_that_stops_waits_for_no_message(broker: WakingRedisBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "IDLE_SECONDS", 120.0)
    worker = dramatiq.Worker(broker, queues={QUEUE}, worker_threads=4, worker_timeout=100)
    worker.start()
    channel = broker.wake_channel(QUEUE)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        wait_for(lambda: dict(client.pubsub_numsub(channel))[channel.encode()] > 0)
    time.sleep(0.5)  # it has looked at the queue, and waits
    began = time.monotonic()
    stop(broker, worker)
    assert time.monotonic() - began < 60
    assert not any(thread.is_alive() for thread in worker.consumers.values())
