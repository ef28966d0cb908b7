"""Events of repository links."""

from __future__ import annotations

from workspaces.event_registry import EventData, register


@register("repository_changed")
class RepositoryChanged(EventData):
    status: str
    repo_full_name: str
    error: str = ""
