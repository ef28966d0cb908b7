"""Notifies the worker that holds a run to check its row for a cancel request at once.

A notification has no content and is not stored: the row says what is requested, and workers check it every second anyway. So
a lost notification costs at most that second.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from functools import lru_cache

import redis
from django.conf import settings
from django.db import transaction

log = logging.getLogger(__name__)
CHANNEL = "mgx:nudges"
SOCKET_TIMEOUT = 1.0
"""Socket timeout with Redis, and the pause between two attempts to listen, in seconds."""


def notify_worker(run_id: uuid.UUID) -> None:
    """Notifies the worker that holds the run, once the present transaction has committed."""
    transaction.on_commit(lambda: _publish(run_id))


def _publish(run_id: uuid.UUID) -> None:
    try:
        _client(settings.REDIS_URL).publish(CHANNEL, str(run_id))
    except redis.RedisError as error:
        log.warning("the worker of run %s could not be notified, it will check the run by itself: %s", run_id, error)


@lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=SOCKET_TIMEOUT, socket_connect_timeout=SOCKET_TIMEOUT)


class Listener(threading.Thread):
    """Calls ``heard`` with the id of each notified run until ``wanted`` returns False; it is called every second."""

    def __init__(self, heard: Callable[[str], None], wanted: Callable[[], bool]) -> None:
        super().__init__(name="nudges", daemon=True)
        self._heard, self._wanted = heard, wanted

    def run(self) -> None:
        failed = False
        while self._wanted():
            try:
                client = redis.Redis.from_url(
                    settings.REDIS_URL, socket_connect_timeout=SOCKET_TIMEOUT, health_check_interval=10
                )
                with client, client.pubsub(ignore_subscribe_messages=True) as nudges:
                    nudges.subscribe(CHANNEL)
                    failed = False
                    while self._wanted():
                        message = nudges.get_message(timeout=SOCKET_TIMEOUT)
                        if message is not None:
                            self._heard(message["data"].decode())
            except (redis.RedisError, OSError) as error:
                if not failed:
                    log.warning("notifications are not received, runs are checked every second: %s", error)
                failed = True
                time.sleep(SOCKET_TIMEOUT)
