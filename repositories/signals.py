"""Signals of this application, for the applications above it."""

from __future__ import annotations

from django.dispatch import Signal

webhook_accepted = Signal()
"""``delivery`` (a new WebhookDelivery); sent inside the transaction that stores it."""
