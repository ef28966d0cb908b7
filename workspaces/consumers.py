"""`/ws/stream`: everything that happens in a workspace, optionally only some types or one project."""

from __future__ import annotations

from channels.generic.websocket import AsyncWebsocketConsumer

from .consumers_base import NOT_VISIBLE, EventStream, Feed
from .event_log import group
from .models import Event
from .socket_auth import SocketCaller, query


class WorkspaceStream(EventStream):
    def find_feed(self, caller: SocketCaller) -> Feed:
        params = query(self.scope)
        principal = caller.principal()
        types = frozenset(filter(None, params.get("types", "").split(",")))
        project = params.get("project", "")
        return Feed(
            principal,
            group("workspace", principal.workspace_id),
            Event.objects.for_workspace(principal.workspace_id),
            dense=True,
            wanted=lambda kind, of: (not types or kind in types) and (not project or of == project),
        )


class NotFoundConsumer(AsyncWebsocketConsumer):
    """Any other path: closed in the same way as an object that the client may not see."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(NOT_VISIBLE)
