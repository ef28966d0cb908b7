"""The agent's Journal in PostgreSQL: what was recorded is never done again.

A step's result, its tree and its event become visible in one transaction that also proves the fence, so a worker that lost its
run records nothing. A step that began and was not recorded is begun again with a higher attempt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

import orjson
from django.db import transaction
from django.utils import timezone

from agent.errors import Paused
from agent.ports import JSON, Announcement, StepKind
from mgx_project.common.json_values import storable
from mgx_project.common.rendering import dumps

from . import events
from .errors import LeaseLost
from .lease import Lease
from .models import RunStep, TaskRun

current_step: ContextVar[str | None] = ContextVar("current_step", default=None)
"""`key#attempt` of the step that is being done, for the replay keys of its events."""


def digest(inputs: JSON) -> str:
    """SHA-256 of the inputs as JSON with sorted keys."""
    return hashlib.sha256(_sorted(inputs)).hexdigest()


def canonical(result: JSON) -> JSON:
    """A result as both the live and the replayed step return it: jsonb doesn't keep the order of keys, and prompts show it."""
    found: JSON = orjson.loads(_sorted(storable(result)))
    return found


def _sorted(value: JSON) -> bytes:
    return orjson.dumps(orjson.loads(dumps(value)), option=orjson.OPT_SORT_KEYS)


class Trees(Protocol):
    async def keep(self) -> str:
        """Stores the workdir's present tree durably and returns its id."""
        ...

    async def restore(self, tree: str) -> None: ...

    async def reset(self) -> None:
        """Makes the workdir the tree that was kept or restored last."""
        ...


@dataclass(frozen=True)
class Begun:
    step: RunStep
    recorded: bool


class RunJournal:
    def __init__(self, run: TaskRun, lease: Lease, trees: Trees | None, db: Callable[..., Awaitable[object]]) -> None:
        self._run, self._lease, self._trees, self._db = run, lease, trees, db

    async def step(
        self,
        key: str,
        kind: StepKind,
        inputs: JSON,
        act: Callable[[], Awaitable[JSON]],
        *,
        announce: Callable[[JSON], Announcement | None] | None = None,
        mutates: bool = False,
    ) -> JSON:
        self._lease.check()
        begun = await self._db(self._begin, key, kind, digest(inputs))
        assert isinstance(begun, Begun)
        step = begun.step
        if begun.recorded:
            if mutates and self._trees is not None:
                await self._trees.restore(step.tree)
            return canonical(step.result or {})
        token = current_step.set(f"{key}#{step.attempt}")
        try:
            result = canonical(await act())
        finally:
            current_step.reset(token)
        if mutates and self._trees is not None:
            step.tree = await self._trees.keep()
        elif kind == "command" and self._trees is not None:
            await self._trees.reset()  # what a command drops into the workdir is no part of the work
        step.result = result
        await self._db(self._record, step, announce(result) if announce else None)
        return result

    def _begin(self, key: str, kind: str, input_digest: str) -> Begun:
        with transaction.atomic():
            self._prove()
            step = RunStep.across_tenants.filter(run=self._run, key=key).first()
            if step is None:
                step = RunStep.objects.create(
                    workspace_id=self._run.workspace_id,
                    run=self._run,
                    key=key,
                    kind=kind,
                    input_digest=input_digest,
                    started_at=timezone.now(),
                )
                return Begun(step, recorded=False)
            if step.input_digest != input_digest and step.finished_at is not None:
                raise Paused(
                    "loop",
                    f"Step {key} was recorded with other inputs than it has now: going on could repeat or skip work.",
                    hint="The server was probably upgraded in the middle of this run. Retry it as a new run.",
                )
            if step.finished_at is None:
                step.attempt += 1
                step.input_digest, step.started_at = input_digest, timezone.now()
                step.save(update_fields=["attempt", "input_digest", "started_at"])
            return Begun(step, recorded=step.finished_at is not None)

    def _record(self, step: RunStep, announcement: Announcement | None) -> None:
        with transaction.atomic():
            self._prove()
            step.finished_at = timezone.now()
            step.save(update_fields=["result", "tree", "finished_at"])
            if announcement is not None:
                data, message = announcement.data, announcement.message
                events.record(
                    self._run, announcement.type, data, message, fence=self._lease.fence, replay_key=f"{step.key}:result"
                )

    def _prove(self) -> None:
        """Locks the run's row while its fence is ours."""
        mine = TaskRun.across_tenants.select_for_update().filter(pk=self._run.pk, fence=self._lease.fence)
        if mine.values_list("pk").first() is None:
            raise LeaseLost("This worker no longer owns the run.")
