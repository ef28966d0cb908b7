"""Actors for deliveries and replies. Messages are wake-ups only: the row says what is due."""

from __future__ import annotations

import uuid

import dramatiq

from repositories.actors import QUEUE

from ..notifications import replies
from . import processing


@dramatiq.actor(queue_name=QUEUE)
def take_delivery(delivery_id: str) -> None:
    for following in processing.process(uuid.UUID(delivery_id)):
        take_delivery.send(str(following))


@dramatiq.actor(queue_name=QUEUE)
def say_answer(row_id: str) -> None:
    for following in replies.post_reply(uuid.UUID(row_id)):
        say_answer.send(str(following))


def queue_replies(task_id: uuid.UUID) -> None:
    """Posts due replies for a task on a network thread, since a service that hangs would block the caller."""
    for row_id in replies.pending_replies(task_id):
        say_answer.send(str(row_id))
