"""The actor for looks. Like all of them only a wake-up: the rows say what is due."""

from __future__ import annotations

import dramatiq

from . import refreshing

QUEUE = "runs"
"""What workers listen to."""


@dramatiq.actor(queue_name=QUEUE)
def refresh_links() -> None:
    refreshing.work_off()
