"""Notifies the worker that holds a run to check its row for a cancel request at once.

A notification contains only the run's id and is not stored: the row says what is requested, and workers check it every second
anyway. So a lost notification costs at most that second.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from functools import lru_cache

import redis
import structlog
from django.conf import settings
from django.db import transaction

log = structlog.stdlib.get_logger(__name__)
CHANNEL = "mgx:nudges"
SOCKET_TIMEOUT = 1.0
"""Timeout of a listener's socket, and the pause between two attempts to listen, in seconds."""
PUBLISH_SECONDS = 0.2
"""How long a request waits for Redis to take a notification."""


def notify_worker(run_id: uuid.UUID) -> None:
    """Notifies the worker that holds the run, once the present transaction has committed."""
    transaction.on_commit(lambda: _publish(run_id), robust=True)


def _publish(run_id: uuid.UUID) -> None:
    try:
        _client(settings.REDIS_URL).publish(CHANNEL, str(run_id))
    except redis.RedisError as error:
        log.warning(
            "the worker of the run could not be notified, it will check the run by itself", run_id=run_id, error=str(error)
        )


@lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=PUBLISH_SECONDS, socket_connect_timeout=PUBLISH_SECONDS)


class Listener(threading.Thread):
    """Calls ``on_message`` with the id of each run whose worker is notified, until ``wanted`` (asked each second) is false."""

    def __init__(self, on_message: Callable[[str], None], wanted: Callable[[], bool]) -> None:
        super().__init__(name="cancellations", daemon=True)
        self._on_message, self._wanted = on_message, wanted

    def run(self) -> None:
        failed = False
        while self._wanted():
            try:
                client = redis.Redis.from_url(
                    settings.REDIS_URL, socket_connect_timeout=SOCKET_TIMEOUT, health_check_interval=10
                )
                with client, client.pubsub(ignore_subscribe_messages=True) as subscription:
                    subscription.subscribe(CHANNEL)
                    failed = False
                    while self._wanted():
                        message = subscription.get_message(timeout=SOCKET_TIMEOUT)
                        if message is not None:
                            self._on_message(message["data"].decode())
            except (redis.RedisError, OSError) as error:
                if not failed:
                    log.warning(
                        "notifications of cancelled runs are not received, runs are checked every second", error=str(error)
                    )
                failed = True
                time.sleep(SOCKET_TIMEOUT)
