"""The agent's EventSink: events of a phase, each written once however often the phase is replayed.

Between steps an event is named by its phase, its type and how many of that type came before; within a step by the step's key
and attempt. What has that name already is not written again. Model output is coalesced: never a row per token.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from django.db import transaction

from agent.ports import JSON
from workspaces.models import Event

from . import events
from .journal import current_step
from .lease import Lease
from .models import TaskRun

FLUSH_SECONDS = 0.2
"""Model output becomes at most five events a second per run (DESIGN: at most ten)."""


class RunSink:
    def __init__(self, run: TaskRun, lease: Lease, phase: str, db: Callable[..., Awaitable[object]]) -> None:
        self._run, self._lease, self._phase, self._db = run, lease, phase, db
        self._seen: Counter[str] = Counter()
        self._known: frozenset[str] | None = None
        self._text: dict[tuple[str, str], str] = {}
        self._flusher: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    async def emit(self, type: str, data: JSON, message: str = "") -> None:
        if self._flusher is not None and self._flusher.done() and not self._flusher.cancelled():
            self._flusher.result()  # a lost lease shows here
        await self.flush()
        scope = current_step.get() or self._phase
        await self._write(scope, type, data, message)

    def text(self, role: str, text: str) -> None:
        key = (current_step.get() or self._phase, role)
        self._text[key] = self._text.get(key, "") + text
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush_soon())

    async def flush(self) -> None:
        """Writes the model output that waits."""
        waiting, self._text = self._text, {}
        for (scope, role), text in waiting.items():
            await self._write(scope, "model_output", {"role": role, "text": text}, "")

    async def close(self) -> None:
        if self._flusher is not None:
            self._flusher.cancel()
        await self.flush()

    async def _flush_soon(self) -> None:
        await asyncio.sleep(FLUSH_SECONDS)
        await self.flush()

    async def _write(self, scope: str, type: str, data: JSON, message: str) -> None:
        async with self._writing:
            if self._known is None:
                self._known = frozenset(await self._db(self._load_known))  # type: ignore[call-overload]
            name = f"{scope}:{type}"
            self._seen[name] += 1
            key = f"{name}:{self._seen[name]}"
            if key not in self._known:
                await self._db(self._record, type, data, message, key)

    def _load_known(self) -> list[str]:
        keys = Event.objects.of(self._run.workspace_id).filter(run_id=self._run.pk, replay_key__isnull=False)
        return list(keys.values_list("replay_key", flat=True))

    def _record(self, type: str, data: JSON, message: str, key: str) -> None:
        with transaction.atomic():
            events.record(self._run, type, data, message, fence=self._lease.fence, replay_key=key)
