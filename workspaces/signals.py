"""What this room announces to the rooms above it."""

from __future__ import annotations

from django.dispatch import Signal

workspace_created = Signal()
"""``workspace``; sent inside the transaction that makes it."""
