"""Signals of this application, for the applications above it."""

from __future__ import annotations

from django.dispatch import Signal

task_deleting = Signal()
"""``task``, locked; sent in the transaction that is about to delete it. A receiver raises Conflict to refuse."""

repository_named = Signal()
"""``workspace_id``, ``repository_id``; sent before a task names a repository. A receiver raises BadRequest for one that the
workspace has not linked."""
