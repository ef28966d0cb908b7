"""Signals of this application, for the applications above it."""

from __future__ import annotations

from django.dispatch import Signal

workspace_created = Signal()
"""``workspace``; sent inside the transaction that makes it."""

project_named = Signal()
"""``workspace_id``, ``project_id``; sent before a row of this application names a project. A receiver raises NotFound."""

account_locked = Signal()
"""``username`` as it was typed, whether there is such an account or not; sent inside the transaction that locks it."""

model_test_wanted = Signal()
"""``connection``; sent when somebody tests it. The one receiver makes a small call and returns {ok, detail, hint, …}."""
