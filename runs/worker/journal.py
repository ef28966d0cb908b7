"""The agent's Journal in PostgreSQL: a recorded step is never executed again.

A step's result, its tree and its event become visible in one transaction that also proves the fence, so a worker that lost its
run records nothing. A step that began and was not recorded is begun again with a higher attempt. A read begins and is recorded
at once, in the next transaction of the run, for it may be done again at no cost; a model call begins in the transaction that
reserves its budget, and is settled in the one that records it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

import orjson
from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone

from agent.ports import JSONObject, StepEvent, StepKind
from mgx_project.common.json_values import storable
from mgx_project.common.rendering import dumps
from workspaces.event_log import Draft

from ..errors import LeaseLost
from ..lifecycle.plan_again import step_key
from ..lifecycle.versions import gone
from ..models import RunStep, TaskRun
from .event_buffer import EventBuffer, RecordedRead
from .lease import Lease
from .lock_waits import until_unlocked

BEGIN_LATER = frozenset({"read", "model"})
"""Kinds of steps that begin in another transaction."""
RUNS_PROGRAMS = frozenset({"command", "format"})
"""Kinds of steps in which programs of the project run in the workdir."""


@dataclass(frozen=True)
class SettledStep:
    """What the budget's part of a step's last transaction leaves to its events and to what the run shows."""

    usage: dict[str, object]
    warnings: Sequence[Draft] = ()


@dataclass
class OpenStep:
    """A step that is being done. ``begun``: its row says so. ``settle`` is what its budget writes with the result; it takes the
    budget's locks, which come before the run's."""

    row: RunStep
    new: bool = True
    begun: bool = False
    settle: Callable[[], SettledStep] | None = None

    @property
    def key(self) -> str:
        return self.row.key

    @property
    def name(self) -> str:
        """`key#attempt`, for the replay keys of the events within it."""
        return f"{self.key}#{self.row.attempt}"

    def save(self, *fields: str) -> None:
        """Its beginning, where that is not written yet, and ``fields``; in a transaction that has proved the fence."""
        if self.new:
            self.row.save(force_insert=True)
        else:
            self.row.save(update_fields=[*fields, *(() if self.begun else ("attempt", "input_digest", "started_at"))])
        transaction.on_commit(self._saved)

    def _saved(self) -> None:
        self.new, self.begun = False, True


current_step: ContextVar[OpenStep | None] = ContextVar("current_step", default=None)


def digest(inputs: JSONObject) -> str:
    """SHA-256 of the inputs as JSON with sorted keys."""
    return hashlib.sha256(_sorted(inputs)).hexdigest()


def canonical(result: JSONObject) -> JSONObject:
    """A result as both the live and the replayed step return it: jsonb doesn't keep the order of keys, and prompts show it."""
    found: JSONObject = orjson.loads(_sorted(storable(result)))
    return found


def _sorted(value: JSONObject) -> bytes:
    return orjson.dumps(orjson.loads(dumps(value)), option=orjson.OPT_SORT_KEYS)


def _draft(step: OpenStep, event: StepEvent | None) -> Draft | None:
    return None if event is None else Draft(event.type, event.data, event.message, f"{step.key}:result")


class Trees(Protocol):
    async def keep(self, written: Collection[str] | None = None) -> str:
        """Stores the workdir's current tree durably and returns its id: the one before with the paths ``written`` as they are
        now; None: with all that is not ignored."""
        ...

    async def restore(self, tree: str) -> None: ...

    async def before_program(self) -> None:
        """Awaited before a step in which programs run in the workdir, which `reset` follows."""
        ...

    async def reset(self) -> None:
        """Resets the workdir to the tree that was stored or restored last."""
        ...


def settle_alone(settle: Callable[[], SettledStep], buffer: EventBuffer) -> None:
    """In a transaction of its own, also for a run that is lost by now: what the call took was taken."""
    settled = until_unlocked(transaction.atomic(settle))
    with suppress(LeaseLost), buffer.fenced_transaction(*settled.warnings, usage=settled.usage):
        pass


class Steps:
    """The steps of a claimed run by key, read once: while the claim is held, nobody else writes one."""

    def __init__(self, run: TaskRun) -> None:
        self._run = run
        self._rows: dict[str, RunStep] | None = None

    def known_as_new(self, key: str) -> bool:
        return self._rows is not None and key not in self._rows

    def find(self, key: str) -> RunStep | None:
        """With its result, where it was recorded."""
        if self._rows is None:
            rows = RunStep.objects.for_workspace(self._run.workspace_id).filter(run=self._run).defer("result")
            self._rows = {row.key: row for row in rows}
        row = self._rows.get(key)
        if row is not None and row.finished_at is not None:
            row.result  # noqa: B018 (a deferred field: the database is asked here, on its own thread)
        return row

    def add(self, row: RunStep) -> None:
        if self._rows is not None:
            self._rows[row.key] = row


class RunJournal:
    def __init__(
        self,
        run: TaskRun,
        lease: Lease,
        trees: Trees | None,
        db: Callable[..., Awaitable[object]],
        buffer: EventBuffer,
        steps: Steps,
    ) -> None:
        self._run, self._lease, self._trees, self._db = run, lease, trees, db
        self._buffer, self._steps = buffer, steps

    async def step(
        self,
        key: str,
        kind: StepKind,
        inputs: JSONObject,
        act: Callable[[], Awaitable[JSONObject]],
        *,
        announce: Callable[[JSONObject], StepEvent | None] | None = None,
        mutates: bool = False,
        writes: Callable[[JSONObject], Collection[str]] | None = None,
    ) -> JSONObject:
        self._lease.check()
        key = step_key(self._run, key)
        found = None if self._steps.known_as_new(key) else await self._db(self._steps.find, key)
        assert found is None or isinstance(found, RunStep)
        step = self._open(found, key, kind, digest(inputs))
        if step is None:
            assert found is not None
            if mutates and self._trees is not None:
                await self._trees.restore(found.tree)
            return canonical(found.result or {})
        if kind not in BEGIN_LATER:
            await self._db(self._begin, step)
        try:
            return await self._do(step, act, announce, mutates, writes)
        except (DatabaseError, InterfaceError):
            raise
        except BaseException:
            await self._db(self._settle, step)  # what was answered was paid, whatever becomes of the answer
            if step.begun:
                self._steps.add(step.row)
            raise

    async def _do(
        self,
        step: OpenStep,
        act: Callable[[], Awaitable[JSONObject]],
        announce: Callable[[JSONObject], StepEvent | None] | None,
        mutates: bool,
        writes: Callable[[JSONObject], Collection[str]] | None,
    ) -> JSONObject:
        if step.row.kind in RUNS_PROGRAMS and self._trees is not None:
            await self._trees.before_program()
        token = current_step.set(step)
        try:
            result = canonical(await act())
        finally:
            current_step.reset(token)
        if mutates and self._trees is not None:
            step.row.tree = await self._trees.keep(writes(result) if writes else None)
        if step.row.kind in RUNS_PROGRAMS and self._trees is not None:
            await self._trees.reset()  # files that a program leaves in the workdir are not part of the change
        step.row.result = result
        announcement = _draft(step, announce(result) if announce else None)
        if self._may_wait(step):
            self._record(step, announcement)
        else:
            await self._db(until_unlocked, self._record, step, announcement)
        self._steps.add(step.row)
        return result

    def _open(self, found: RunStep | None, key: str, kind: str, input_digest: str) -> OpenStep | None:
        """None: it is recorded."""
        now = timezone.now()
        if found is None:
            workspace_id = self._run.workspace_id
            row = RunStep(
                workspace_id=workspace_id, run=self._run, key=key, kind=kind, input_digest=input_digest, started_at=now
            )
            return OpenStep(row)
        if found.finished_at is not None:
            if found.input_digest != input_digest:
                raise gone(
                    self._run,
                    f"by another version of the server: its step {key} was recorded with different inputs, and to go on could "
                    "repeat or skip work",
                )
            return None
        found.attempt += 1
        found.input_digest, found.started_at = input_digest, now
        return OpenStep(found, new=False)

    def _begin(self, step: OpenStep) -> None:
        with self._buffer.fenced_transaction():
            step.save()
        self._steps.add(step.row)

    def _may_wait(self, step: OpenStep) -> bool:
        """Whether it is a read, which is recorded with what comes next, or soon: a transaction of its own would only prove that
        it need not be done again, and until then nothing is built upon it."""
        return step.row.kind == "read" and step.new and step.settle is None and self._buffer.write_soon is not None

    def _record(self, step: OpenStep, announcement: Draft | None) -> None:
        if self._may_wait(step):
            step.row.finished_at = timezone.now()
            self._buffer.add_read(RecordedRead(step.row, announcement))
            return
        with transaction.atomic():
            settled = step.settle() if step.settle is not None else None
            drafts = [*settled.warnings] if settled else []
            if announcement is not None:
                drafts.append(announcement)
            with self._buffer.fenced_transaction(*drafts, usage=settled.usage if settled else None):
                step.row.finished_at = timezone.now()
                step.save("result", "tree", "finished_at")
        step.settle = None
        self._lease.suspect = False  # the worker lived to see a step recorded

    def _settle(self, step: OpenStep) -> None:
        if step.settle is not None:
            settle_alone(step.settle, self._buffer)
            step.settle = None
