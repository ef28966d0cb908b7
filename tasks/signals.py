"""What this room announces to the rooms above it."""

from __future__ import annotations

from django.dispatch import Signal

task_deleting = Signal()
"""``task``, locked; sent in the transaction that is about to delete it. A receiver raises Conflict to refuse."""
