"""The agent's Journal in PostgreSQL: a recorded step is never executed again.

A step's result, its tree and its event become visible in one transaction that also proves the fence, so a worker that lost its
run records nothing. A step that began and was not recorded is begun again with a higher attempt. What may be done again at no
cost (a read, a command, a change of the workdir) waits for the run's next transaction, and a moment at most. These two never
wait: a model call, which begins in the transaction that reserves its budget and is settled in the one that records it; and what
others see, such as a push, which begins in a transaction before it and is recorded in one behind it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import orjson
import structlog
from django.db import DatabaseError, InterfaceError

from agent.ports import JSONObject, StepEvent, StepKind
from mgx_project.common import clock, traces
from mgx_project.common.errors import NotFound
from mgx_project.common.json_values import storable
from mgx_project.common.rendering import dumps
from workspaces.event_log import Draft

from ..commits import until_committed
from ..errors import LeaseLost
from ..events import event_log
from ..lifecycle.plan_again import step_key
from ..lifecycle.versions import gone
from ..models import RunStep, TaskRun
from .event_buffer import EventBuffer, StepWrite
from .lease import Lease

log = structlog.stdlib.get_logger(__name__)
OUTWARD = "git"
"""The kind of steps that others see, but for those that their caller calls local."""
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
    budget's locks, which come before the run's. ``waits``: what is written of it may wait for the run's next transaction."""

    row: RunStep
    waits: bool = False
    begun: bool = False
    settle: Callable[[], SettledStep] | None = None

    @property
    def key(self) -> str:
        return self.row.key

    @property
    def name(self) -> str:
        """`key#attempt`, for the replay keys of the events within it."""
        return f"{self.key}#{self.row.attempt}"

    def write(self, announcement: Draft | None = None, written: Callable[[], None] | None = None) -> StepWrite:
        """It as it is now, to be written in a transaction that proves the fence."""
        return StepWrite(event_log.columns_of(self.row), announcement, written)


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
    settled = until_committed(settle)
    with suppress(LeaseLost):
        buffer.commit(buffer.write, *settled.warnings, usage=settled.usage)


class Steps:
    """The steps of a claimed run by key, read once: while the claim is held, nobody else writes one."""

    def __init__(self, run: TaskRun) -> None:
        self._run = run
        self._rows: dict[str, RunStep] | None = {} if run.fence == 1 else None  # nobody was here before the first claim

    def known_as_new(self, key: str) -> bool:
        return self._rows is not None and key not in self._rows

    def find(self, key: str) -> RunStep | None:
        """With its result, where it was recorded."""
        if self._rows is None:
            rows = RunStep.objects.for_workspace(self._run.workspace_id).filter(run=self._run).defer("result")
            self._rows = {row.key: row for row in rows}
        row = self._rows.get(key)
        if row is not None and row.finished_at is None:
            row.result = None  # not deferred any more: what is begun again has none, and is written by the event loop
        elif row is not None:
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
        local: bool = False,
    ) -> JSONObject:
        """As `agent.ports.Journal`. ``local``: a step of the kind `git` that nobody sees outside of this worker."""
        self._lease.check()
        key = step_key(self._run, key)
        found = None if self._steps.known_as_new(key) else await self._db(self._steps.find, key)
        assert found is None or isinstance(found, RunStep)
        step = self._open(found, key, kind, digest(inputs), local=local)
        if step is None:
            assert found is not None
            if mutates and self._trees is not None:
                try:
                    await self._trees.restore(found.tree)
                except NotFound as lost:
                    await self._make_again(found, act, writes, lost)
            return canonical(found.result or {})
        if step.waits and kind != "read":
            self._buffer.add_step(step.write())
        elif kind not in {"read", "model"}:
            await self._db(partial(self._buffer.commit, self._buffer.write, step=step.write()))
        self._steps.add(step.row)
        try:
            with traces.span(f"step {kind}", {"mgx.step.key": key, "mgx.step.attempt": step.row.attempt}):
                return await self._do(step, act, announce, mutates, writes)
        except (DatabaseError, InterfaceError):
            raise
        except BaseException:
            await self._db(self._settle, step)  # what was answered was paid, whatever becomes of the answer
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
        if step.waits:
            self._record(step, announcement)
        else:
            await self._db(self._record, step, announcement)
        return result

    async def _make_again(
        self,
        recorded: RunStep,
        act: Callable[[], Awaitable[JSONObject]],
        writes: Callable[[JSONObject], Collection[str]] | None,
        lost: NotFound,
    ) -> None:
        """The tree of a recorded step whose artifact the store lost or changed: its act is done once more, in the tree before
        it. Raises ``lost`` where that comes to another tree."""
        assert self._trees is not None
        log.warning("a stored tree is damaged and is made again", step=recorded.key, detail=lost.detail)
        if recorded.kind in RUNS_PROGRAMS:
            await self._trees.before_program()
        token = current_step.set(OpenStep(recorded, begun=True))
        try:
            result = canonical(await act())
        finally:
            current_step.reset(token)
        tree = await self._trees.keep(writes(result) if writes else None)
        if recorded.kind in RUNS_PROGRAMS:
            await self._trees.reset()
        if tree != recorded.tree:
            raise lost

    def _open(self, found: RunStep | None, key: str, kind: str, input_digest: str, *, local: bool = False) -> OpenStep | None:
        """None: it is recorded."""
        now = clock.now()
        waits = kind != "model" and (local or kind != OUTWARD) and self._buffer.write_soon is not None
        if found is None:
            workspace_id = self._run.workspace_id
            row = RunStep(
                workspace_id=workspace_id, run=self._run, key=key, kind=kind, input_digest=input_digest,
                created_at=now, started_at=now,
            )  # fmt: skip
            return OpenStep(row, waits)
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
        return OpenStep(found, waits)

    def _record(self, step: OpenStep, announcement: Draft | None) -> None:
        step.row.finished_at = clock.now()
        if step.waits:
            self._buffer.add_step(step.write(announcement, self._lived))
            return
        self._buffer.commit(self._write, step, announcement)
        step.settle = None
        self._lived()

    def _write(self, step: OpenStep, announcement: Draft | None) -> None:
        settled = step.settle() if step.settle is not None else None
        drafts = [*settled.warnings] if settled else []
        if announcement is not None:
            drafts.append(announcement)
        self._buffer.write(*drafts, step=step.write(), usage=settled.usage if settled else None)

    def _lived(self) -> None:
        """The worker lived to see a step recorded."""
        self._lease.suspect = False

    def _settle(self, step: OpenStep) -> None:
        if step.settle is not None:
            settle_alone(step.settle, self._buffer)
            step.settle = None
