"""Actors that send mail, which is too slow for a request. Messages are wake-ups only: the rows say what is due."""

from __future__ import annotations

import uuid

import dramatiq

from . import unlock_mail

QUEUE = "network"
"""The queue of `repositories.actors`, for work that waits for external servers."""


@dramatiq.actor(queue_name=QUEUE)
def send_unlock_link(user_id: str) -> None:
    """Does nothing for an unknown id: the web process requests the mail whether or not the account exists."""
    unlock_mail.send(uuid.UUID(user_id))
