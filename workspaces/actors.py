"""What a worker does for accounts, because it takes as long as a mail server likes. Only wake-ups: the rows say what is due."""

from __future__ import annotations

import uuid

import dramatiq

from . import unlock_mail

QUEUE = "network"
"""That of `repositories.actors`: what waits for other people's servers."""


@dramatiq.actor(queue_name=QUEUE)
def send_unlock_link(user_id: str) -> None:
    """An id of nobody does nothing: the web process asks for a mail whether there is such an account or not."""
    unlock_mail.send(uuid.UUID(user_id))
