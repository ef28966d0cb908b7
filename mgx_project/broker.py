"""Dramatiq's Redis broker with a wake-up: an idle consumer sleeps on a notification instead of a growing poll interval.

Stock Dramatiq polls with a backoff of up to one second, so a message to an idle worker waits 0.25 s on average. Here
`enqueue` also publishes the queue's name, and an idle consumer waits for that, with Dramatiq's own interval as upper bound:
a lost notification costs at most one poll.

Enqueueing has connections of its own with short timeouts: it happens while a person waits for the answer to a request, and a
message that a frozen Redis does not take is made up for by the reaper, which finds its row.

There are no dead letters, since a message is a wake-up and holds nothing: the row says what is due, and counts its tries. One
whose actor fails, or is of another version, is acknowledged like any other, and the reaper wakes for the row again where more
is to be done. Only the mail to the owner of a locked account has no row: where that message is lost, who waits for the link
tries to sign in again once the lock has passed, or an operator unlocks the account.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import redis
import structlog
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.common import dq_name
from dramatiq.errors import ConnectionClosed, DecodeError

log = structlog.stdlib.get_logger(__name__)

IDLE_SECONDS = 1.0
"""How long an idle consumer waits for a notification before it polls the queue, in seconds."""
SEND_SECONDS = 0.2
"""How long enqueueing waits for Redis, for each of its two commands: together less than half a second."""


CONSUME_SECONDS = 10.0
"""How long a worker waits for an answer of Redis before it takes the connection for dead and makes another."""


@contextmanager
def _or_closed() -> Iterator[None]:
    """A Redis that stands still is one that is gone: Dramatiq's worker connects again for both."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise ConnectionClosed(error) from None


def _is_named(options: object) -> bool:
    """Whether they name the entry of the queue, as those of each message do that was enqueued."""
    return isinstance(options, dict) and isinstance(options.get("redis_message_id"), str)


class WakingConsumer(_RedisConsumer):
    def __init__(self, broker: WakingRedisBroker, queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, timeout)
        self._wakeups = broker.client.pubsub(ignore_subscribe_messages=True)
        with _or_closed():
            self._wakeups.subscribe(broker.wake_channel(queue_name))

    def __next__(self) -> Any:
        with _or_closed():
            if not self.message_cache and self.outstanding_message_count >= self.prefetch:
                time.sleep(0.05)  # full: nothing to fetch until a message is acknowledged
                return None
            if self.message_cache or self._fetch():
                return super().__next__()
            if self.broker.closing.is_set():
                time.sleep(0.02)  # until the thread sees that it is to end
                return None
            # Subscribed before the queue was looked at: what is enqueued from now on wakes us.
            self._wakeups.get_message(timeout=IDLE_SECONDS)
            return None

    def ack(self, message: Any) -> None:
        with _or_closed():
            super().ack(message)

    def nack(self, message: Any) -> None:
        """Of an actor that this version does not have. It is not kept: as a dead letter it would lie unseen for a week."""
        self.ack(message)

    def requeue(self, messages: Any) -> None:
        with _or_closed():
            super().requeue(messages)

    def _fetch(self) -> list[bytes]:
        found = self.broker.do_fetch(self.queue_name, self.prefetch - self.outstanding_message_count)
        self.message_cache = [data for data in found if data is not None and self._is_readable(data)]
        return self.message_cache

    def _is_readable(self, data: bytes) -> bool:
        """What is not a message of this queue is deleted: it would stop this consumer or end a thread, in each worker after
        this one too. Rows say what is due."""
        try:
            message = Message.decode(data)
            if message.queue_name == self.queue_name and isinstance(message.message_id, str) and _is_named(message.options):
                return True
        except DecodeError:
            pass
        log.error("an entry of the queue that is not a message was deleted", queue=self.queue_name, bytes=len(data))
        for name, kept in self.broker.client.hscan_iter(f"{self.broker.namespace}:{self.queue_name}.msgs"):
            if kept == data:
                self.broker.do_ack(self.queue_name, name)
        return False

    def close(self) -> None:
        self._wakeups.close()


class WakingRedisBroker(RedisBroker):
    def __init__(self, *, url: str, namespace: str, **options: Any) -> None:
        client = redis.Redis.from_url(
            url, socket_timeout=CONSUME_SECONDS, socket_connect_timeout=CONSUME_SECONDS, socket_keepalive=True
        )
        super().__init__(client=client, namespace=namespace, **options)
        self._sending = redis.Redis.from_url(url, socket_timeout=SEND_SECONDS, socket_connect_timeout=SEND_SECONDS)
        self._sender = RedisBroker(client=self._sending, namespace=namespace, middleware=[])
        self.closing = threading.Event()
        """Consumers of this process no longer wait for messages."""

    def wake_channel(self, queue_name: str) -> str:
        return f"{self.namespace}:wake:{queue_name}"

    def stop_waiting(self, queues: Iterable[str]) -> None:
        """For a worker that stops: its consumers of ``queues`` end at once instead of with their next poll."""
        self.closing.set()
        with suppress(redis.RedisError):  # then they end with their next poll
            for queue in queues:
                for name in (queue, dq_name(queue)):
                    self._sending.publish(self.wake_channel(name), "")

    @property
    def consumer_class(self) -> type[WakingConsumer]:
        return WakingConsumer

    def do_enqueue(self, queue_name: str, message_id: str, data: bytes) -> None:
        """Called by `enqueue` with what it made of a message."""
        self._sender.do_enqueue(queue_name, message_id, data)

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Raises redis.RedisError within half a second where Redis does not answer, is full or is away."""
        queued = super().enqueue(message, delay=delay)
        self._sending.publish(self.wake_channel(message.queue_name), message.message_id)
        return queued
