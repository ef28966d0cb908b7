"""Queue depth and living workers, as the broker knows them."""

from __future__ import annotations

import json
from typing import Any

import dramatiq
import redis
from django.conf import settings

WORKER_KEYS = "mgx:workers:*"
TIMEOUT_SECONDS = 2.0


def queue_depths() -> dict[str, int]:
    """Messages per queue, waiting or in progress. Raises redis.RedisError."""
    broker: Any = dramatiq.get_broker()
    return {name: int(broker.do_qsize(name)) for name in sorted(broker.get_declared_queues())}


def workers_seen() -> list[dict[str, Any]]:
    """The latest heartbeat of each living worker. Raises redis.RedisError."""
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    ) as client:
        keys = sorted(client.scan_iter(WORKER_KEYS, count=500))
        said = client.mget(keys) if keys else []
    return [json.loads(text) for text in said if text]
