"""The base of every socket: replay from the database, then live, in order, once, without a gap.

Subscribe first, then replay what is stored, then follow. An announcement is only a hint: a *dense* socket (a run by `seq`, a
workspace by `position`) sends what it carries if it is the very next number and re-reads the database otherwise; a *sparse* one
(a task, a project) shows the rows after its cursor, which one socket of a process reads for all. Every heartbeat reads once
more, because the loss of the last announcement shows no gap. A separate task re-checks the caller's right to listen, so a slow
client can't delay that check.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import structlog
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db.models import QuerySet
from structlog.contextvars import bind_contextvars

from mgx_project.common import tenant_wall
from mgx_project.common.async_db import run_db
from mgx_project.common.errors import MGXError, NotFound
from mgx_project.common.rates.counters import RateLimitExceeded
from mgx_project.common.rendering import dumps

from . import rights, socket_auth, socket_rates
from .event_log import COLUMNS, envelope, group
from .models import Event
from .principal import Principal
from .recent_events import StoredEvent, recent_events
from .socket_auth import SocketCaller

log = structlog.stdlib.get_logger(__name__)

UNAUTHENTICATED, NOT_VISIBLE, TOO_SLOW, TOO_MANY = 4401, 4404, 4409, 4429
HEARTBEAT_SECONDS = 25.0
REPLAY_CHUNK = 1000
MAX_PENDING = 2000
"""Announcements queued for a slow client before it is disconnected; it reconnects with `after`."""
MAX_SOCKETS = 500
"""Open sockets of one principal in one process."""

_open: Counter[str] = Counter()


@dataclass(frozen=True)
class Feed:
    """What one socket shows: a channel-layer group, the rows behind it and the column its cursor counts."""

    principal: Principal
    group: str
    rows: QuerySet[Event]
    cursor: str = "position"
    dense: bool = False
    wanted: Callable[[str, str], bool] = lambda kind, project: True
    ids: Mapping[str, uuid.UUID] = field(default_factory=dict)
    """Of what it is about, beside the workspace, for the log: `run_id`, `task_id` or `project_id`."""

    @property
    def workspace_id(self) -> uuid.UUID:
        return self.principal.workspace_id


class EventStream(AsyncWebsocketConsumer):
    """The base consumer. Subclasses decide which feed a caller may see."""

    heartbeat_seconds: ClassVar[float] = HEARTBEAT_SECONDS

    def find_feed(self, caller: SocketCaller) -> Feed:
        """Blocking. Raises MGXError when the caller may not see it."""
        raise TypeError(f"{type(self).__name__} must implement find_feed()")

    async def connect(self) -> None:
        tenant_wall.enter()
        self._tasks: list[asyncio.Task[None]] = []
        self._counted = ""
        if not socket_auth.origin_allowed(self.scope):
            await self.close()
            return
        try:
            self.caller = await run_db(socket_rates.authenticate, self.scope)
        except RateLimitExceeded:
            await self.accept()  # a browser sees a close code of a socket that was open, and nothing of another
            await self.close(TOO_MANY)
            return
        await self.accept(self.caller.subprotocol if self.caller else None)
        if self.caller is None:
            await self.close(UNAUTHENTICATED)
            return
        try:
            self.feed = await run_db(self._admit, self.caller)
        except RateLimitExceeded:
            await self.close(TOO_MANY)
            return
        except MGXError:
            await self.close(NOT_VISIBLE)
            return
        # the tasks below inherit both, and they end with this socket's own task
        tenant_wall.enter(self.feed.workspace_id)
        bind_contextvars(workspace_id=self.feed.workspace_id, **self.feed.ids)
        name = f"{self.caller.user.pk}:{self.caller.credential.token_id or ''}"
        if _open[name] >= MAX_SOCKETS:
            await self.close(TOO_MANY)
            return
        _open[name] += 1
        self._counted = name
        self._recent = recent_events(self.feed.group)
        self._pending: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MAX_PENDING)
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._watch())]

    def _admit(self, caller: SocketCaller) -> Feed:
        """Blocking. A connect counts as a request does. Raises RateLimitExceeded, or what `find_feed` raises."""
        try:
            feed = self.find_feed(caller)
        except MGXError:
            socket_rates.count_socket(caller, None)
            raise
        socket_rates.count_socket(caller, feed.principal)
        return feed

    async def disconnect(self, code: int) -> None:
        if self._counted:
            _open[self._counted] -= 1
            if not _open[self._counted]:
                del _open[self._counted]
        if self._tasks:
            self._stop()
            for name in self._groups():
                await self.channel_layer.group_discard(name, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answers a ping, the only message that clients send."""
        await self.send(text_data='{"type":"pong"}')

    async def stream_event(self, message: dict[str, Any]) -> None:
        try:
            self._pending.put_nowait(message)
        except asyncio.QueueFull:
            await self.close(TOO_SLOW)

    async def stream_revoked(self, message: dict[str, Any]) -> None:
        """The caller's rights may have changed: they are checked again."""
        assert self.caller is not None
        if not await run_db(self.caller.credential.holds, self.feed.workspace_id):
            await self._end()

    async def _watch(self) -> None:
        """Checks periodically, since the announcement may be lost and a JWT expires without one."""
        assert self.caller is not None
        try:
            while True:
                if not await rights.still_holds(self.caller.credential, self.feed.workspace_id):
                    break
                await asyncio.sleep(rights.RECHECK_SECONDS)
        except Exception:
            log.exception("could not check the rights of a socket; its client reconnects with its cursor")
            self._stop()
            await self.close(1011)
            return
        await self._end()

    async def _end(self) -> None:
        self._stop()
        await self.close(UNAUTHENTICATED)

    def _stop(self) -> None:
        """Stops sending. Also called by the rights check itself, which then closes the socket with a reason."""
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    def _groups(self) -> list[str]:
        assert self.caller is not None
        return [self.feed.group, *self.caller.credential.groups()]

    async def _run(self) -> None:
        try:
            for name in self._groups():
                await self.channel_layer.group_add(name, self.channel_name)
            params = socket_auth.query(self.scope)
            self._batch = params.get("batch") == "1"
            after = params.get("after", "")
            self._cursor = int(after[:18]) if after.isascii() and after.isdigit() else 0
            await self._replay()
            await self.send(text_data=dumps({"type": "live", "after": self._cursor}).decode())
            await self._follow()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("a socket failed; its client reconnects with its cursor")
            await self.close(1011)

    async def _follow(self) -> None:
        clock = asyncio.get_running_loop().time
        heartbeat_at = clock() + self.heartbeat_seconds
        while True:
            try:
                message = await asyncio.wait_for(self._pending.get(), heartbeat_at - clock())
            except TimeoutError:
                await self._replay()
                await self.send(text_data='{"type":"heartbeat"}')
                heartbeat_at = clock() + self.heartbeat_seconds
                continue
            number = message[self.feed.cursor]
            if number <= self._cursor:
                continue
            if not self.feed.dense:
                await self._catch_up(number)
                continue
            if number != self._cursor + 1:
                await self._replay()
                continue
            self._cursor = number
            if self.feed.wanted(message["kind"], message["project"]):
                await self.send(text_data=message["json"])

    async def _replay(self) -> None:
        """Sends what is stored after the cursor and moves it."""
        while True:
            events = await run_db(self._stored, self._cursor)
            await self._show(events)
            if len(events) < REPLAY_CHUNK:
                return

    async def _catch_up(self, number: int) -> None:
        """Sends what is after the cursor, up to the announced ``number`` at least, and moves the cursor."""
        while self._cursor < number:
            events = await self._recent.after(self._cursor, number, self._stored)
            if not events:  # it was deleted since
                return
            await self._show(events)

    async def _show(self, events: Sequence[StoredEvent]) -> None:
        if not events:
            return
        self._cursor = events[-1].number
        shown = [event.json for event in events if self.feed.wanted(event.kind, event.project)]
        if self._batch and shown:
            await self.send(text_data=(b'{"type":"batch","events":[' + b",".join(shown) + b"]}").decode())
        else:
            for event in shown:
                await self.send(text_data=event.decode())

    def _stored(self, after: int) -> list[StoredEvent]:
        column = self.feed.cursor
        rows = self.feed.rows.filter(**{f"{column}__gt": after}).order_by(column).values(*COLUMNS)[:REPLAY_CHUNK]
        return [StoredEvent(row[column], row["type"], str(row["project_id"] or ""), dumps(envelope(row))) for row in rows]


class ObjectStream(EventStream):
    """The events of one object of ``model``; ``kind`` names its group and its column in the log."""

    model: ClassVar[Any]
    kind: ClassVar[str]
    cursor: ClassVar[str] = "position"
    dense: ClassVar[bool] = False

    def find_feed(self, caller: SocketCaller) -> Feed:
        pk = socket_auth.object_id(self.scope)
        with tenant_wall.across_tenants():
            owner = self.model.across_tenants.filter(pk=pk).values_list("workspace_id", flat=True).first()
        principal: Principal = caller.principal(owner or pk)
        if owner != principal.workspace_id:
            raise NotFound(f"This {self.kind} does not exist or you do not have access to it.")
        rows = Event.objects.for_workspace(principal.workspace_id).filter(**{f"{self.kind}_id": pk})
        return Feed(principal, group(self.kind, pk), rows, self.cursor, self.dense, ids={f"{self.kind}_id": pk})
