"""One real use of everything the server needs: a query, a ping, a message through the channel layer, a file."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import redis.asyncio
import structlog
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection

from .common import store
from .common.async_db import run_db
from .common.living_workers import without_sandbox, workers_seen

log = structlog.stdlib.get_logger(__name__)
TIMEOUT_SECONDS = 2.0
STORAGE_KEPT_SECONDS = 10.0


async def database() -> None:
    await run_db(_select)


def _select() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def broker() -> None:
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as client:
        await client.ping()


async def channel_layer() -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel("health")
    reader = asyncio.create_task(layer.receive(channel))
    try:
        await layer.send(channel, {"type": "health.probe"})
        await asyncio.wait_for(asyncio.shield(reader), TIMEOUT_SECONDS)
    finally:
        # The layer forgets a channel only when a reader of it is cancelled; otherwise every probe would leave one behind.
        if reader.done():
            reader = asyncio.create_task(layer.receive(channel))
            await asyncio.sleep(0)
        reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reader


class StorageProbe:
    """Writes, reads and deletes a small file; a good result counts for a few seconds, because stores bill per request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._good_at = -STORAGE_KEPT_SECONDS

    async def __call__(self) -> None:
        await asyncio.to_thread(self._check)

    def _check(self) -> None:
        with self._lock:
            if time.monotonic() - self._good_at < STORAGE_KEPT_SECONDS:
                return
            store.check()
            self._good_at = time.monotonic()


class NoWorker(Exception):
    """No worker can take a run to its end. ``status`` says in two words why."""

    def __init__(self, status: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status


async def workers() -> None:
    """Raises NoWorker if no worker has sent a heartbeat lately, or none of those that did can open a sandbox."""
    seen = await asyncio.to_thread(workers_seen)
    if not seen:
        text = "no worker is running, so runs stay queued: start one (python manage.py work), or see its log"
        raise NoWorker("no worker", text)
    if len(closed := without_sandbox(seen)) == len(seen):
        raise NoWorker("no sandbox", f"no worker can open a sandbox, so runs pause: {closed[0]['sandbox']['detail']}")


PROBES: Mapping[str, Callable[[], Awaitable[None]]] = {
    "database": database,
    "broker": broker,
    "channel_layer": channel_layer,
    "storage": StorageProbe(),
    "workers": workers,
}


async def run_all() -> dict[str, dict[str, Any]]:
    """All at once: ``{name: {status, latency_ms}}``; why one failed is in the log, not in the answer."""
    results = await asyncio.gather(*(_measure(name, probe) for name, probe in PROBES.items()))
    return dict(zip(PROBES, results, strict=True))


async def _measure(name: str, probe: Callable[[], Awaitable[None]]) -> dict[str, Any]:
    began = time.perf_counter()
    status = "ok"
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await probe()
    except Exception as error:
        status = "timeout" if isinstance(error, TimeoutError) else error.status if isinstance(error, NoWorker) else "failed"
        log.warning("readiness", part=name, status=status, error=repr(error))
    return {"status": status, "latency_ms": round((time.perf_counter() - began) * 1000, 2)}
