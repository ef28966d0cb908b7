"""The actors for what comes in and what is said about it. Like all of them only wake-ups: the row says what is to be done."""

from __future__ import annotations

import uuid

import dramatiq

from ..actors import QUEUE
from . import deliveries, sayings


@dramatiq.actor(queue_name=QUEUE)
def take_delivery(delivery_id: str) -> None:
    deliveries.take(uuid.UUID(delivery_id))


@dramatiq.actor(queue_name=QUEUE)
def say_answer(row_id: str) -> None:
    sayings.say(uuid.UUID(row_id))
