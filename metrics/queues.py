"""Queue depth, as the broker knows it."""

from __future__ import annotations

from typing import Any

import dramatiq


def queue_depths() -> dict[str, int]:
    """Messages per queue, waiting or in progress. Raises redis.RedisError."""
    broker: Any = dramatiq.get_broker()
    return {name: int(broker.do_qsize(name)) for name in sorted(broker.get_declared_queues())}
