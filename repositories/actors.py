"""The actor for looks. Like all of them only a wake-up: the rows say what is due."""

from __future__ import annotations

import dramatiq

from . import scheduled_validation

QUEUE = "network"
"""For what waits for other people's servers; runs have a queue and threads of their own, which nothing here takes from them."""


@dramatiq.actor(queue_name=QUEUE)
def refresh_links() -> None:
    scheduled_validation.work_off()
