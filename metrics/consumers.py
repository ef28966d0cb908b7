"""`/ws/metrics`: live counters for dashboards, one `metrics_updated` after each run."""

from __future__ import annotations

from workspaces.consumers_base import EventStream, Feed
from workspaces.event_log import group
from workspaces.models import Event
from workspaces.socket_auth import SocketCaller


class MetricsStream(EventStream):
    def find_feed(self, caller: SocketCaller) -> Feed:
        principal = caller.principal()
        return Feed(
            principal,
            group("workspace", principal.workspace_id),
            Event.objects.for_workspace(principal.workspace_id),
            dense=True,
            wanted=lambda kind, project: kind == "metrics_updated",
        )
