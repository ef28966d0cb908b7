"""Signals of this application, for the applications above it."""

from __future__ import annotations

from django.dispatch import Signal

webhook_accepted = Signal()
"""``delivery`` (a new WebhookDelivery); sent inside the transaction that stores it."""
repository_relinked = Signal()
"""Sent with ``link`` and the ids of ``former`` links of the same repository to its project, the latest first, in the
transaction that linked it again."""
