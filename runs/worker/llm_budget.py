"""The agent's Budget on the tenant's ledger, and the usage shown by the run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from agent.errors import Paused
from agent.ports import CallEstimate, ModelCompletion
from workspaces import budgets
from workspaces.budget_caps import CapWarning
from workspaces.errors import CapReached
from workspaces.event_log import Draft
from workspaces.likely_calls import likely_answer
from workspaces.meters import BudgetScope
from workspaces.models import Event, LedgerEntry, Meter

from ..events import event_log
from ..lifecycle.plan_again import step_key
from ..models import TaskRun
from .event_buffer import EventBuffer
from .journal import OpenStep, SettledStep, current_step, settle_alone

LONGEST_WAIT = 60.0
"""Seconds for which a call waits for room beside the longest that another one may take."""
WAIT_WITHIN_ANSWER = 20.0
"""Seconds for which an answer that is coming waits for more room: its endpoint waits too."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0


class LedgerBudget:
    """Within a journal step a reservation begins the step in its transaction, and is settled in the one that records it."""

    def __init__(
        self, run: TaskRun, buffer: EventBuffer, db: Callable[..., Awaitable[Any]], *, on_server: bool = False
    ) -> None:
        self._run, self._buffer, self._db = run, buffer, db
        self._scope = replace(scope_of(run), on_server=on_server)
        self._open: dict[str, tuple[LedgerEntry, CallEstimate]] = {}

    async def reserve(self, key: str, estimate: CallEstimate) -> int:
        """What is likely (`workspaces.likely_calls`). Waits for calls that are being made, where what they leave may do."""
        answer = await self._db(likely_answer, self._run.workspace_id, estimate.role, estimate.model)
        likely = estimate.with_answer(answer)
        longest = settings.MGX_MODEL_TIMEOUT_SECONDS + LONGEST_WAIT
        await self._when_there_is_room(likely, longest, self._reserve, key, estimate, likely, current_step.get())
        return likely.tokens_out

    async def enlarge(self, key: str, tokens_out: int, prompts: int) -> None:
        entry, estimate = self._open[key]
        larger = estimate.with_answer(tokens_out).with_prompts(prompts)
        await self._when_there_is_room(larger, WAIT_WITHIN_ANSWER, self._enlarge, entry, larger)

    async def settle(self, key: str, completion: ModelCompletion) -> None:
        entry = None if completion.cached else self._open.pop(key)[0]
        step, write = current_step.get(), partial(self._settle, key, completion, entry)
        if step is not None and completion.finish_reason != "error":  # after an error there may be another call
            step.settle = write
        else:
            await self._db(settle_alone, write, self._buffer)

    async def _when_there_is_room(
        self, wanted: CallEstimate, longest: float, write: Callable[..., None], *args: object
    ) -> None:
        last, pause = time.monotonic() + longest, FIRST_PAUSE
        while True:
            try:
                return await self._db(write, *args)
            except CapReached as reached:
                if not reached.in_flight or time.monotonic() > last:
                    raise Paused("budget", reached.detail, hint=reached.hint, needs=self._needs(wanted)) from None
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _needs(self, wanted: CallEstimate) -> dict[str, object]:
        cost = None if wanted.cost_usd is None else format(wanted.cost_usd, "f")
        return {"tokens": wanted.tokens, "cost_usd": cost, "on_server": self._scope.on_server, "calls": 1}

    def _reserve(self, key: str, estimate: CallEstimate, likely: CallEstimate, step: OpenStep | None) -> None:
        entry = self._buffer.commit(self._write_reservation, key, likely, step)
        if step is not None:
            step.begun = True
        self._open[key] = entry, estimate

    def _write_reservation(self, key: str, likely: CallEstimate, step: OpenStep | None) -> LedgerEntry:
        entry = budgets.reserve_in_transaction(
            scope=self._scope,
            step_key=step_key(self._run, key),
            tokens=likely.tokens,
            cost_usd=likely.cost_usd,
            run_caps=self._run.budget,
            default_tokens=settings.MGX_DEFAULT_RUN_TOKENS,
            role=likely.role,
        )
        self._buffer.write(step=None if step is None or step.begun else step.write())
        budgets.require_server_room(self._scope, entry)
        return entry

    def _enlarge(self, entry: LedgerEntry, wanted: CallEstimate) -> None:
        larger = self._buffer.commit(self._write_enlarged, entry, wanted)
        entry.reserved_tokens, entry.reserved_cost_usd = larger.reserved_tokens, larger.reserved_cost_usd

    def _write_enlarged(self, entry: LedgerEntry, wanted: CallEstimate) -> LedgerEntry:
        larger = copy(entry)  # `entry` is as the database has it, also where this is done again
        budgets.enlarge(
            larger,
            scope=self._scope,
            tokens=wanted.tokens,
            cost_usd=wanted.cost_usd,
            run_caps=self._run.budget,
            default_tokens=settings.MGX_DEFAULT_RUN_TOKENS,
        )
        return larger

    def _settle(self, key: str, completion: ModelCompletion, entry: LedgerEntry | None) -> SettledStep:
        if entry is None:
            settled = budgets.count_cached(scope=self._scope, step_key=step_key(self._run, key), model=completion.model)
        else:
            settled = budgets.settle(
                entry,
                scope=self._scope,
                model=completion.model,
                tokens_in=completion.tokens_in,
                tokens_out=completion.tokens_out,
                cost_usd=completion.cost_usd,
                duration_ms=completion.duration_ms,
                run_caps=self._run.budget,
            )
        return SettledStep(usage_of(settled.run), warning_drafts(self._run, settled.warnings))


def scope_of(run: TaskRun) -> BudgetScope:
    return BudgetScope(run.workspace_id, run.project_id, run.pk)


def warn(run: TaskRun, warnings: Iterable[CapWarning]) -> None:
    """Emits the `warning_drafts` that are due. ``run`` is the run as claimed."""
    if drafts := warning_drafts(run, warnings):
        with transaction.atomic(savepoint=False):
            event_log.append(run, drafts, fence=run.fence)


def warning_drafts(run: TaskRun, warnings: Iterable[CapWarning]) -> list[Draft]:
    """One `budget_warning` per cap and run, where it was not given yet; a cap that was raised is another one."""
    hint = "The run pauses at the limit. Raise the budget to let it continue."
    drafts = [
        Draft(
            "budget_warning",
            {"reason": "budget", "detail": warning.detail, "hint": hint},
            warning.detail,
            f"budget_warning/{warning.key}",
        )
        for warning in warnings
    ]
    if not drafts:
        return []
    given = Event.objects.for_workspace(run.workspace_id).filter(
        run_id=run.pk, replay_key__in=[draft.replay_key for draft in drafts]
    )
    known = set(given.values_list("replay_key", flat=True))
    return [draft for draft in drafts if draft.replay_key not in known]


def usage_of(meter: Meter) -> dict[str, object]:
    """CONTRACT's usage, from the run's meter. ``cost_usd`` is None as soon as one call's price is unknown."""
    return {
        "tokens_in": meter.tokens_in,
        "tokens_out": meter.tokens_out,
        "calls": meter.calls,
        "cached_calls": meter.cached_calls,
        "cost_usd": None if meter.unpriced_calls else format(meter.cost_usd, "f"),
    }
