"""The agent's EventSink: events of a phase, each written once however often the phase is replayed.

Between steps an event is named by its phase, its type and how many of that type came before; within a step by the step's key
and attempt. What has that name already is not written again. An event waits in the buffer for the run's next transaction, and
for `FLUSH_DELAY` at most. Model output is coalesced: never a row per token.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from agent.ports import JSONObject
from workspaces.event_log import Draft
from workspaces.models import Event

from ..models import TaskRun
from .event_buffer import EventBuffer
from .journal import current_step

FLUSH_SECONDS = 0.2
"""Model output is written as at most five events a second per run (DESIGN: at most ten)."""
FLUSH_DELAY = 0.04
"""Seconds: no person sees it, and what a team does between two model calls is mostly written with the next one."""


class RunSink:
    def __init__(self, run: TaskRun, buffer: EventBuffer, phase: str, db: Callable[..., Awaitable[object]]) -> None:
        self._run, self._buffer, self._phase, self._db = run, buffer, phase, db
        self._seen: Counter[str] = Counter()
        self._known: frozenset[str] | None = frozenset() if run.fence == 1 else None  # nobody was here before the first claim
        self._first = True
        self._text: dict[tuple[str, str], str] = {}
        self._flushers: dict[float, asyncio.Task[None]] = {}
        self._loading = asyncio.Lock()
        buffer.write_soon = lambda: self._flush_in(FLUSH_DELAY)

    async def emit(self, type: str, data: JSONObject, message: str = "") -> None:
        for flusher in self._flushers.values():
            if flusher.done() and not flusher.cancelled():
                flusher.result()  # a lost lease shows here
        await self._load()
        self._take_text()
        self._add(_scope(self._phase), type, data, message)
        if self._first:
            self._first = False
            await self.flush()
        else:
            self._flush_in(FLUSH_DELAY)

    def text(self, role: str, text: str) -> None:
        key = (_scope(self._phase), role)
        self._text[key] = self._text.get(key, "") + text
        self._flush_in(FLUSH_SECONDS)

    async def flush(self) -> None:
        """Writes the buffered events."""
        await self._load()
        self._take_text()
        if self._buffer:
            await self._db(self._buffer.commit, self._buffer.write_waiting)

    def enter(self, phase: str) -> None:
        """Another phase under the same claim. What has a name of it is new: a claim enters each phase once."""
        self._phase = phase

    async def stop(self) -> None:
        """Leaves what is buffered to the transaction that ends the phase."""
        for flusher in self._flushers.values():
            flusher.cancel()
        await self._load()
        self._take_text()

    async def close(self) -> None:
        await self.stop()
        if self._buffer:
            await self._db(self._buffer.commit, self._buffer.write_waiting)

    def _flush_in(self, seconds: float) -> None:
        waiting = self._flushers.get(seconds)
        if waiting is None or waiting.done():
            self._flushers[seconds] = asyncio.create_task(self._flush_after(seconds))

    async def _flush_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.flush()

    def _take_text(self) -> None:
        waiting, self._text = self._text, {}
        for (scope, role), text in waiting.items():
            self._add(scope, "model_output", {"role": role, "text": text}, "")

    def _add(self, scope: str, type: str, data: JSONObject, message: str) -> None:
        assert self._known is not None, "the known replay keys must be loaded first"
        name = f"{scope}:{type}"
        self._seen[name] += 1
        key = f"{name}:{self._seen[name]}"
        if key not in self._known:
            self._buffer.add(Draft(type, data, message, key))

    async def _load(self) -> None:
        async with self._loading:
            if self._known is None:
                self._known = frozenset(await self._db(self._load_known))  # type: ignore[call-overload]

    def _load_known(self) -> list[str]:
        keys = Event.objects.for_workspace(self._run.workspace_id).filter(run_id=self._run.pk, replay_key__isnull=False)
        return list(keys.values_list("replay_key", flat=True))


def _scope(phase: str) -> str:
    step = current_step.get()
    return phase if step is None else step.name
