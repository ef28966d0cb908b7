"""The context of a phase: a claimed run, its ports and its worker's database thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from django.conf import settings

from agent.ports import Model, ModelCache, Ports, TaskSpec
from agent.sandbox import open_sandbox
from repositories.git.checkout import Checkout
from tasks.models import Task

from ..artifacts import ArtifactTrees
from ..lifecycle import fair_claim
from ..lifecycle.revisions import CONTINUE, told_task
from ..models import TaskRun
from . import traced
from .event_buffer import EventBuffer
from .event_sink import RunSink
from .journal import RunJournal, Steps
from .lease import Lease, keeper
from .llm_budget import LedgerBudget
from .run_history import WorkspaceHistory
from .steering import RunSteering
from .time_budget import WorkClock

MAX_PARALLEL_STEPS = 8

Db = Callable[..., Awaitable[Any]]


@dataclass
class Execution:
    """The context of a phase. ``db`` runs a function on its own database thread; ``held`` ends with the phase."""

    run: TaskRun
    lease: Lease
    db: Db
    directory: Path
    buffer: EventBuffer
    steps: Steps
    sink: RunSink
    model: Model
    cache: ModelCache
    held: AsyncExitStack
    clock: WorkClock
    goes_on: bool = False
    """Whether the worker does the run's next phase under the same claim, where it is nobody else's turn."""
    on_server: bool = False
    """Whether the operator pays for ``model``."""
    checkout: Checkout | None = None
    """Of this claim, kept from one phase to the next."""
    start_tree: str = ""
    """The one that the workdir is at before the first step of the phase, "" for the base's."""

    async def end(self, transition: Callable[..., TaskRun], *args: Any, leads_on: bool = False, **kwargs: Any) -> TaskRun:
        """Ends the phase by ``transition(id, fence, …)``, in one transaction with all that waits to be written and with the
        working time that is given back. Returns the run as it is then. ``leads_on``: another phase may follow."""
        await self.sink.stop()
        act = partial(transition, self.run.pk, self.lease.fence, *args, unwritten=self.buffer, **kwargs)
        return cast("TaskRun", await self.db(self.buffer.commit, self._end, act, leads_on))

    def _end(self, transition: Callable[..., TaskRun], leads_on: bool) -> TaskRun:
        # a worker that is being stopped takes nothing more
        if leads_on and self.goes_on and not keeper.closing and not fair_claim.is_anothers_turn(self.run):
            return transition(goes_on=True)
        self.clock.give_back()
        return transition()

    def enter(self, run: TaskRun) -> None:
        """The next phase of the same claim: ``run`` is as the last one left it."""
        self.run = self.buffer.run = run
        self.sink.enter(phase_of(run))

    def spec(self) -> TaskSpec:
        """The task as it is now."""
        task = self.run.task
        text = task.description if task.description.startswith(task.name) else f"{task.name}\n\n{task.description}"
        asked = self.run.revision or {}
        patch = asked.get("kind") == CONTINUE or task.output_mode == Task.OutputMode.PATCH_EXISTING
        return TaskSpec(
            text=told_task(self.run, text),
            stack=task.stack or None,
            project_type=task.project_type or None,
            output_mode="patch_existing" if patch else "generate_new",
            constraints=tuple(task.constraints),
            strict_requirements=task.strict_requirements,
            commands=task.project.commands,
            max_rounds=task.max_rounds,
            max_revision_rounds=task.max_revision_rounds,
            parallel_steps=_parallel_steps(task.config),
            asks=not self.run.auto_approve or task.project.always_ask or task.config.get("always_ask") is True,
            earlier=asked.get("earlier"),
        )

    def journal(self, checkout: Checkout, tree: str = "") -> RunJournal:
        return RunJournal(self.run, self.lease, self.trees(checkout, tree), self.db, self.buffer, self.steps)

    def trees(self, checkout: Checkout, tree: str = "") -> ArtifactTrees:
        return ArtifactTrees(self.run, checkout, self.db, tree or self.start_tree)

    def journal_without_trees(self) -> RunJournal:
        """For steps before there is a checkout: none of them may change one."""
        return RunJournal(self.run, self.lease, None, self.db, self.buffer, self.steps)

    def ports(self, checkout: Checkout, tree: str = "") -> Ports:
        """``tree`` is the one that the checkout was made to be by hand; empty: the journal sees to it."""
        cache = settings.MGX_DATA_DIR / "cache" / str(self.run.workspace_id)
        root, tier = checkout.root, settings.MGX_SANDBOX
        sandbox = traced.sandbox(open_sandbox(root, cache=cache, tier=tier, first_user=settings.MGX_SANDBOX_UID))
        self.held.push_async_callback(asyncio.to_thread, sandbox.close)  # it may remove what was built
        return Ports(
            model=self.model,
            events=self.sink,
            journal=self.journal(checkout, tree),
            sandbox=sandbox,
            budget=LedgerBudget(self.run, self.buffer, self.db, on_server=self.on_server),
            cancel=self.lease,
            cache=self.cache,
            steering=RunSteering(self.run, self.lease, self.db),
            history=WorkspaceHistory(self.run, self.db),
            # not in the sandbox's cache: what runs in there must not reach it
            map_cache=settings.MGX_DATA_DIR / "maps" / str(self.run.workspace_id),
        )


Phase = Callable[[Execution], Awaitable[TaskRun]]
"""Returns the run as its transition left it (`Execution.end`)."""


def phase_of(run: TaskRun) -> str:
    """What its events are named by."""
    return f"{run.status}/{run.plan_version}"


def _parallel_steps(config: dict[str, Any]) -> int:
    """The task's setting, by default 1: each part pays for the whole context."""
    wanted = config.get("parallel_steps")
    return min(max(wanted, 1), MAX_PARALLEL_STEPS) if isinstance(wanted, int) else 1
