"""The actor that validates links. Messages are wake-ups only: the rows say what is due."""

from __future__ import annotations

import dramatiq

from . import scheduled_validation

QUEUE = "network"
"""The queue for work that waits for external servers. Runs have a queue and threads of their own."""


@dramatiq.actor(queue_name=QUEUE)
def refresh_links() -> None:
    scheduled_validation.work_off()
