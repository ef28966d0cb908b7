"""Deliveries that wait for a run: what a review or a check asks for while a run of the same task is at work is taken up when
that run has ended, since two runs can't move one branch."""

from __future__ import annotations

import uuid
from datetime import timedelta

from mgx_project.common import clock
from repositories.models import WebhookDelivery

LOOKED_AT = timedelta(hours=6)
"""How long one waits at most before it is looked at again: its run may be deleted."""
MAX_WOKEN = 50
"""Deliveries that one message each is sent for."""


def wait(delivery: WebhookDelivery, task_id: uuid.UUID) -> None:
    """In the transaction that found a run of the task at work, under the task's lock: its end can't be missed."""
    delivery.waits_for, delivery.next_try_at, delivery.attempts = task_id, clock.now() + LOOKED_AT, 0
    delivery.save(update_fields=["waits_for", "next_try_at", "attempts"])


def has_waited(delivery: WebhookDelivery) -> bool:
    """Whether it was looked at before, and a part of it is done or said."""
    return delivery.waits_for is not None


def wake(task_id: uuid.UUID) -> list[uuid.UUID]:
    """Makes the deliveries due that wait for a run of the task, and returns those that are worth a message: the reaper finds
    the others. In the transaction that ends the run."""
    waiting = WebhookDelivery.across_tenants.filter(waits_for=task_id, processed_at=None)
    found = list(waiting.order_by("created_at").values_list("pk", flat=True))
    if found:  # under the task's lock: none begins to wait meanwhile
        waiting.update(next_try_at=None)
    return found[:MAX_WOKEN]
