"""Signals of this application, for the applications above it."""

from django.dispatch import Signal

run_finished = Signal()
"""Sent with ``run`` (a TaskRun in a final state) inside the transaction that ended it."""
