"""A nudge to the worker that holds a run: look at its row now, somebody wants it to stop.

A nudge tells nothing and is not kept: the row says what is wanted, and workers look at it each second anyway. So a nudge that
is lost costs that second and no more.
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
"""Seconds with Redis, for whoever cancels, and between two tries to listen."""


def notify_worker(run_id: uuid.UUID) -> None:
    """To whoever holds the run, once the present transaction has committed."""
    transaction.on_commit(lambda: _publish(run_id))


def _publish(run_id: uuid.UUID) -> None:
    try:
        _client(settings.REDIS_URL).publish(CHANNEL, str(run_id))
    except redis.RedisError as error:
        log.warning("the run's worker was not nudged, it will look by itself", run_id=run_id, error=str(error))


@lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=SOCKET_TIMEOUT, socket_connect_timeout=SOCKET_TIMEOUT)


class Listener(threading.Thread):
    """Calls ``heard`` with the id of each run that is nudged, until ``wanted`` says no; it is asked each second."""

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
                    log.warning("nudges are not heard, runs are looked at each second", error=str(error))
                failed = True
                time.sleep(SOCKET_TIMEOUT)
