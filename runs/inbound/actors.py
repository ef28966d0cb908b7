"""The actor for deliveries. Like all of them only a wake-up: the row says what is to be done."""

from __future__ import annotations

import uuid

import dramatiq

from ..actors import QUEUE
from . import deliveries


@dramatiq.actor(queue_name=QUEUE)
def take_delivery(delivery_id: str) -> None:
    deliveries.take(uuid.UUID(delivery_id))
