"""What each living worker last said of itself: its heartbeat in Redis, which `manage.py work` writes."""

from __future__ import annotations

import json
from typing import Any

import redis
from django.conf import settings

WORKER_KEYS = "mgx:workers:*"
TIMEOUT_SECONDS = 2.0


def workers_seen() -> list[dict[str, Any]]:
    """The latest heartbeat of each living worker. Raises redis.RedisError."""
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    ) as client:
        keys = sorted(client.scan_iter(WORKER_KEYS, count=500))
        said = client.mget(keys) if keys else []
    return [json.loads(text) for text in said if text]


def without_sandbox(workers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of ``workers`` in whose sandbox no command can be run."""
    return [worker for worker in workers if worker.get("sandbox", {}).get("status") == "closed"]


def programs_of_all(workers: list[dict[str, Any]]) -> dict[str, bool]:
    """By program of the stacks: whether all of ``workers`` have it, for any may take a run. What none told is left out."""
    told: dict[str, bool] = {}
    for worker in workers:
        for name, here in worker.get("programs", {}).items():
            told[name] = told.get(name, True) and bool(here)
    return told
