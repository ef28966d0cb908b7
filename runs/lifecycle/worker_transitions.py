"""Transitions made by workers: claim, release, and the end of each phase. All check the fence of the claim."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from agent.changes.commit_message import message_of
from agent.ports import Outcome, PlanDraft
from mgx_project.common import clock, tenant_wall
from mgx_project.common.json_values import storable
from tasks.models import Task
from workspaces.event_log import Draft
from workspaces.models import Workspace

from ..errors import LeaseLost
from ..events import event_log
from ..models import TaskRun
from ..models.run import lease_owner
from ..models.run_state import Status
from ..querysets import claimable
from . import change_review, claim_spans, fair_claim, versions, worker_deaths
from .base import Unwritten, approve, cancel, end_lease, finish, locked, save_state, task_of, tell

log = structlog.stdlib.get_logger(__name__)
TRIES = 20
"""Candidates of one claim: runs and tasks that are locked by others are skipped."""


@tenant_wall.across_tenants()
def claim_next(*, orphans: bool = True) -> TaskRun | None:
    """Takes the run whose turn it is (`runs.lifecycle.fair_claim`). Without ``orphans``: none whose last worker died."""
    with transaction.atomic():
        fair_claim.take_turn()
        for run_id, status in fair_claim.next_to_claim(TRIES, orphans=orphans):
            if run := claim(run_id, {Status(status)}, skip_locked=True):
                return run
    return None


def claim(run_id: uuid.UUID, statuses: Collection[Status], *, skip_locked: bool = False) -> TaskRun | None:
    """Takes the run if it is in one of ``statuses`` and nobody holds it: new owner, lease and fence.

    None if there is nothing to claim: another worker already has the work, or the run was paused because workers died in
    it.
    """
    with transaction.atomic(savepoint=False):  # nobody goes on with a claim that failed
        tasks = Task.across_tenants.select_related("project").select_for_update(of=("self",), skip_locked=skip_locked)
        task = tasks.filter(pk=task_of(run_id)).first()
        free = claimable().filter(status__in=statuses).select_for_update(skip_locked=True, of=("self",))
        run = free.filter(pk=run_id).first()
        if run is None or task is None:
            return None
        run.task = task
        orphaned = run.lease_expires_at is not None
        if skip_locked and (orphaned or run.cancel_requested_at) and not _may_tell(run.workspace_id):
            return None
        if orphaned:
            claim_spans.end(run)
        if run.cancel_requested_at is not None:  # the worker that should have acted on it died
            cancel(run)
            return None
        if worker_deaths.count(run, died=orphaned and run.lease_owner != ""):
            return None
        run.lease_owner = lease_owner()
        run.fence += 1
        run.started_at = run.started_at or clock.now()
        if run.state.claimed_as is not None:
            run.enter(run.state.claimed_as)
        save_state(run, *versions.pin(run), "lease_owner", "fence", "started_at", "worker_deaths", "died_at")
        claim_spans.begin(run)
        length = timedelta(seconds=settings.MGX_LEASE_SECONDS)
        TaskRun.across_tenants.filter(pk=run.pk).update(lease_expires_at=Now() + length, claimed_at=Now())
        if orphaned:
            data = {"by": f"worker {run.lease_owner[:8]}", "fence": run.fence}
            event_log.record(run, "recovered", data, "Another worker took over the run and continues where it was.")
        return run


def _may_tell(workspace_id: uuid.UUID) -> bool:
    """Takes the lock that an event of the workspace needs. Its holder may be frozen, and all workers wait for who claims."""
    free = Workspace.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=workspace_id)
    return bool(free.values_list("pk", flat=True))


def release(run_id: uuid.UUID, fence: int) -> None:
    """Releases the lease early, so that another worker can continue at once."""
    with locked(run_id, fence=fence) as run:
        run.save(update_fields=[*end_lease(run), "updated_at"])


def hand_over(run: TaskRun, *, goes_on: bool) -> Sequence[str]:
    """Before the run is saved at the end of a phase. Its lease ends; or, where its worker ``goes_on``, the next phase begins
    under the same claim. Returns the fields to save."""
    if not goes_on or not run.state.claimable:
        return end_lease(run)
    claim_spans.end(run)
    if run.state.claimed_as is not None:
        run.enter(run.state.claimed_as)
    claim_spans.begin(run)
    run.claimed_at = clock.now()  # its workspace is served now
    return ("claimed_at",)


def _cancel_if_asked(run: TaskRun, unwritten: Unwritten | None = None) -> bool:
    """At the end of a phase: cancels the run if somebody asked for that before its worker could see it; otherwise it would wait
    for a person who was told that it is being cancelled. Returns whether it did."""
    if run.cancel_requested_at is None:
        return False
    tell(run, [], unwritten=unwritten)  # while the fence is still its worker's
    cancel(run)
    return True


def finish_planning(
    run_id: uuid.UUID, fence: int, draft: PlanDraft, *, prompt_version: str, goes_on: bool = False,
    unwritten: Unwritten | None = None,
) -> TaskRun:  # fmt: skip
    """planning → awaiting_approval; with `auto_approve` straight on to approved, and where the worker ``goes_on`` to
    executing."""
    with locked(run_id, fence=fence, unwritten=unwritten) as run:
        if _cancel_if_asked(run, unwritten):
            return run
        run.enter(Status.AWAITING_APPROVAL)
        run.plan, run.stack, run.stack_confidence = storable(draft.plan), draft.stack, draft.stack_confidence
        run.complexity, run.prompt_version = draft.complexity, prompt_version
        if run.auto_approve:
            by = run.account or (run.created_by.get_username() if run.created_by else "system")
            decided = approve(run, by=by, user_id=run.created_by_id, automatic=True)
        else:
            data = {"plan": run.plan, "plan_version": run.plan_version}
            decided = Draft("approval_required", data, "The plan is ready for review.")
        fields = hand_over(run, goes_on=goes_on)
        save_state(run, *fields, "plan", "stack", "stack_confidence", "complexity", "prompt_version")
        tell(run, [decided], fence=fence, unwritten=unwritten)
        return run


def finish_execution(
    run_id: uuid.UUID, fence: int, outcome: Outcome, change: change_review.PendingReview | None = None, *,
    goes_on: bool = False, unwritten: Unwritten | None = None,
) -> TaskRun:  # fmt: skip
    """executing → delivering, or → awaiting_changes if people decide on the ``change``. Executing continues, under another
    claim, if messages came after the last model call."""
    with locked(run_id, fence=fence, unwritten=unwritten) as run:
        if _cancel_if_asked(run, unwritten):
            return run
        results = {
            "files": list(outcome.files), "tests": outcome.tests, "review": outcome.review, "draft": outcome.draft,
        }  # fmt: skip
        if outcome.warnings:
            results["warnings"] = list(outcome.warnings)
        run.results = storable(results)
        run.message = storable(message_of(outcome.message))
        waits = False
        if not change_review.requeue_late_messages(run):
            waits = change_review.open_round(run, change)
            if not waits:
                run.enter(Status.DELIVERING)
        fields = hand_over(run, goes_on=goes_on and run.status == Status.DELIVERING)
        save_state(run, *fields, "results", "message")
        said = [change_review.announcement(change)] if waits and change is not None else []
        tell(run, said, fence=fence, unwritten=unwritten)
        return run


def complete(run_id: uuid.UUID, fence: int, *, results: dict[str, Any], unwritten: Unwritten | None = None) -> TaskRun:
    """delivering → completed, also if somebody asked to cancel it in the meantime: the change is delivered. ``results`` adds to
    what executing left."""
    with locked(run_id, fence=fence, unwritten=unwritten) as run:
        run.enter(Status.COMPLETED)
        run.results = run.results | results
        facts = ("branch_name", "base_branch", "base_sha", "commit_sha", "git_status", "pr_url")
        git = {name: getattr(run, name) for name in facts}
        data = {"results": run.results, "git_metadata": git, "usage": usage_of(run)}
        said = f"Done: {run.branch_name} at {run.commit_sha[:10]}."
        finish(run, "results", data=data, message=said, fence=fence, unwritten=unwritten)
        return run


def take_new_branch(run: TaskRun, fence: int) -> None:
    """For a run that continues a pull request that was merged: it gets a branch and a pull request of its own. Raises LeaseLost
    if ``fence`` is not the run's."""
    revision = {**(run.revision or {}), "new_branch": True}
    fields = {"revision": revision, "branch_name": "", "base_branch": "", "pr_url": "", "pr_number": None}
    if not TaskRun.across_tenants.filter(pk=run.pk, fence=fence).update(**fields):
        raise LeaseLost("Another worker owns this run now.")
    for name, value in fields.items():
        setattr(run, name, value)


def _has_ended(run: TaskRun, error: str) -> bool:
    """Whether the claim's last phase is written: an ``error`` that its worker meets afterwards, such as one of its clean-up,
    changes nothing, so only the log tells of it. A run that nobody ever claimed has the fence 0."""
    if not run.is_final and (run.fence == 0 or run.lease_expires_at is not None):
        return False
    log.warning("an error after the end of the phase changes nothing", status=run.status, error=error)
    return True


def pause(
    run_id: uuid.UUID, fence: int, reason: str, detail: str, hint: str = "", needs: Mapping[str, object] | None = None
) -> TaskRun:
    """``needs``: it is resumed as soon as that is there (`runs.lifecycle.room_returns`). Does nothing if the phase has ended by
    now."""
    with locked(run_id, fence=fence) as run:
        if _has_ended(run, detail) or Status.PAUSED not in run.state.successors or _cancel_if_asked(run):
            return run
        run.paused_from = run.status
        run.enter(Status.PAUSED)
        run.pause_reason = reason
        error = {"code": f"paused_{reason}", "detail": detail, "hint": hint}
        run.error = storable(error if needs is None else {**error, "needs": dict(needs)})
        save_state(run, *end_lease(run), "paused_from", "pause_reason", "error")
        data = {"reason": reason, "detail": detail, "hint": hint}
        event_log.record(run, "paused", data, f"Paused ({reason}): {detail}", fence=fence)
        return run


def fail(run_id: uuid.UUID, fence: int, code: str, detail: str, hint: str = "") -> TaskRun:
    """Does nothing if the phase has ended by now."""
    with locked(run_id, fence=fence) as run:
        if _has_ended(run, detail):
            return run
        run.enter(Status.FAILED)
        run.error = storable({"code": code, "detail": detail, "hint": hint})
        finish(run, "error", data={"error": run.error}, message=detail, fence=fence)
        return run


def finish_cancel(run_id: uuid.UUID, fence: int) -> TaskRun:
    """Completes a cancel request, after everything that the worker had started has ended. Does nothing if the run has ended by
    now."""
    with locked(run_id, fence=fence) as run:
        if not run.is_final:
            cancel(run)
        return run


def usage_of(run: TaskRun) -> dict[str, Any]:
    """The run's usage so far, in CONTRACT's format. A cost of None means that some price is unknown."""
    return {"tokens_in": 0, "tokens_out": 0, "calls": 0, "cached_calls": 0, "cost_usd": "0"} | run.usage
