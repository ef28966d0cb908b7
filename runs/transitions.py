"""Every change of a run's state: under the row's lock, with its event, in one transaction; the task's view of it changes along.

Lock order is task, run, workspace (DESIGN: Durability). Workers pass the fence of their claim; people don't have one.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from agent.ports import Draft, Outcome
from mgx_project.common.errors import Conflict, InvalidTransition, NotFound
from tasks.models import Task
from workspaces.models import User

from . import events
from .errors import LeaseLost
from .models import Approval, TaskRun
from .models.run import Status, lease_owner
from .querysets import claimable
from .signals import run_finished

TASK_STATUS = {
    Status.QUEUED: Task.Status.RUNNING,
    Status.PLANNING: Task.Status.RUNNING,
    Status.AWAITING_APPROVAL: Task.Status.WAITING,
    Status.APPROVED: Task.Status.RUNNING,
    Status.EXECUTING: Task.Status.RUNNING,
    Status.AWAITING_CHANGES: Task.Status.WAITING,
    Status.DELIVERING: Task.Status.RUNNING,
    Status.PAUSED: Task.Status.WAITING,
    Status.COMPLETED: Task.Status.COMPLETED,
    Status.REJECTED: Task.Status.CANCELLED,
    Status.CANCELLED: Task.Status.CANCELLED,
    Status.FAILED: Task.Status.FAILED,
}


@contextmanager
def locked(run_id: uuid.UUID, *, fence: int | None = None) -> Iterator[TaskRun]:
    """The run, and its task before it, locked for one transaction. With ``fence``: LeaseLost unless it still is the run's."""
    with transaction.atomic():
        task_id = TaskRun.across_tenants.filter(pk=run_id).values_list("task_id", flat=True).first()
        task = Task.across_tenants.select_related("project").select_for_update(of=("self",)).filter(pk=task_id).first()
        run: TaskRun | None = TaskRun.across_tenants.select_for_update().filter(pk=run_id).first()
        if run is None or task is None:
            raise LeaseLost("The run was deleted.") if fence is not None else NotFound("There is no such run that you can see.")
        if fence is not None and run.fence != fence:
            raise LeaseLost("This worker no longer owns the run.")
        run.task = task
        yield run


def _save(run: TaskRun, *fields: str) -> None:
    """Saves a state change, and what the task shows of it."""
    run.save(update_fields=["status", *fields, "updated_at"])
    task = run.task
    task.status = TASK_STATUS[Status(run.status)]
    task.last_run_status = run.status
    task.last_run_at = run.started_at or run.created_at
    if run.is_final:
        task.runs_succeeded += run.status == Status.COMPLETED
        task.runs_failed += run.status == Status.FAILED
        task.last_error = (run.error or {}).get("detail", "")
    task.save(
        update_fields=["status", "last_run_status", "last_run_at", "runs_succeeded", "runs_failed", "last_error", "updated_at"]
    )


def _end_lease(run: TaskRun) -> tuple[str, str]:
    run.lease_owner, run.lease_expires_at = "", None
    return "lease_owner", "lease_expires_at"


def _finish(run: TaskRun, *fields: str) -> None:
    run.completed_at = timezone.now()
    _save(run, *_end_lease(run), "completed_at", *fields)
    run_finished.send(sender=TaskRun, run=run)


# The worker's side


def claim(run_id: uuid.UUID, statuses: Collection[Status]) -> TaskRun | None:
    """Takes the run if it is in one of ``statuses`` and nobody holds it: new owner, lease and fence.

    None when there is nothing to claim: a wake-up for work that another worker does already.
    """
    with transaction.atomic():
        task_id = TaskRun.across_tenants.filter(pk=run_id).values_list("task_id", flat=True).first()
        task = Task.across_tenants.select_related("project").select_for_update(of=("self",)).filter(pk=task_id).first()
        free = claimable().filter(status__in=statuses).select_for_update(skip_locked=True, of=("self",))
        run = free.filter(pk=run_id).first()
        if run is None or task is None:
            return None
        run.task = task
        orphaned = run.lease_expires_at is not None
        run.lease_owner = lease_owner()
        run.fence += 1
        run.started_at = run.started_at or timezone.now()
        if entered := {Status.QUEUED: Status.PLANNING, Status.APPROVED: Status.EXECUTING}.get(Status(run.status)):
            run.enter(entered)
        _save(run, "lease_owner", "fence", "started_at")
        TaskRun.across_tenants.filter(pk=run.pk).update(lease_expires_at=Now() + timedelta(seconds=settings.MGX_LEASE_SECONDS))
        if orphaned:
            data = {"by": f"worker {run.lease_owner[:8]}", "fence": run.fence}
            events.record(run, "recovered", data, "Another worker took the run over and goes on where it was.")
        return run


def release(run_id: uuid.UUID, fence: int) -> None:
    """Gives the lease back early, so that another worker can go on at once."""
    with locked(run_id, fence=fence) as run:
        run.save(update_fields=[*_end_lease(run), "updated_at"])


def plan_drafted(run_id: uuid.UUID, fence: int, draft: Draft, *, prompt_version: str) -> TaskRun:
    """planning → awaiting_approval; with `auto_approve` straight on to approved."""
    with locked(run_id, fence=fence) as run:
        run.enter(Status.AWAITING_APPROVAL)
        run.plan, run.stack, run.stack_confidence = draft.plan, draft.stack, draft.stack_confidence
        run.complexity, run.prompt_version = draft.complexity, prompt_version
        _save(run, *_end_lease(run), "plan", "stack", "stack_confidence", "complexity", "prompt_version")
        if run.auto_approve:
            by = run.created_by.get_username() if run.created_by else "system"
            _approve(run, by=by, user_id=run.created_by_id, automatic=True)
        else:
            data = {"plan": run.plan, "plan_version": run.plan_version}
            events.record(run, "approval_required", data, "The plan waits for a decision.", fence=fence)
        return run


def executed(run_id: uuid.UUID, fence: int, outcome: Outcome) -> TaskRun:
    """executing → delivering."""
    with locked(run_id, fence=fence) as run:
        run.enter(Status.DELIVERING)
        run.results = {
            "files": list(outcome.files), "tests": outcome.tests, "review": outcome.review, "draft": outcome.draft,
        }  # fmt: skip
        _save(run, *_end_lease(run), "results")
        return run


def completed(run_id: uuid.UUID, fence: int, *, results: dict[str, Any]) -> TaskRun:
    """delivering → completed. ``results`` adds to what executing left."""
    with locked(run_id, fence=fence) as run:
        run.enter(Status.COMPLETED)
        run.results = run.results | results
        _finish(run, "results")
        facts = ("branch_name", "base_branch", "base_sha", "commit_sha", "git_status", "pr_url")
        git = {name: getattr(run, name) for name in facts}
        data = {"results": run.results, "git_metadata": git, "usage": usage_of(run)}
        events.record(run, "completion", data, f"Done: {run.branch_name} at {run.commit_sha[:10]}.", fence=fence)
        return run


def git_progress(run_id: uuid.UUID, fence: int, **fields: str) -> None:
    """Facts about the run's commit and branch as they become true."""
    if not TaskRun.across_tenants.filter(pk=run_id, fence=fence).update(**fields):
        raise LeaseLost("This worker no longer owns the run.")


def paused(run_id: uuid.UUID, fence: int, reason: str, detail: str, hint: str = "") -> TaskRun:
    with locked(run_id, fence=fence) as run:
        run.paused_from = run.status
        run.enter(Status.PAUSED)
        run.pause_reason = reason
        run.error = {"code": f"paused_{reason}", "detail": detail, "hint": hint}
        _save(run, *_end_lease(run), "paused_from", "pause_reason", "error")
        data = {"reason": reason, "detail": detail, "hint": hint}
        events.record(run, "paused", data, f"Paused ({reason}): {detail}", fence=fence)
        return run


def failed(run_id: uuid.UUID, fence: int, code: str, detail: str, hint: str = "") -> TaskRun:
    with locked(run_id, fence=fence) as run:
        run.enter(Status.FAILED)
        run.error = {"code": code, "detail": detail, "hint": hint}
        _finish(run, "error")
        events.record(run, "failure", {"error": run.error}, detail, fence=fence)
        return run


# The people's side


def approved(run_id: uuid.UUID, *, user: User, plan_version: int | None, plan: dict[str, Any] | None = None) -> TaskRun:
    """awaiting_approval → approved. The same approval twice is the same answer. Raises Conflict for another plan version."""
    with locked(run_id) as run:
        if _already_decided(run, approved=True, plan_version=plan_version):
            return run
        _check_version(run, plan_version)
        if plan is not None and plan != run.plan:
            _edit_plan(run, plan, by=user.get_username())
        _approve(run, by=user.get_username(), user_id=user.pk)
        return run


def rejected(run_id: uuid.UUID, *, user: User, plan_version: int | None, feedback: str) -> TaskRun:
    """awaiting_approval → planning again (with feedback) or rejected."""
    with locked(run_id) as run:
        if _already_decided(run, approved=False, plan_version=plan_version):
            return run
        _check_version(run, plan_version)
        run.enter(Status.PLANNING if feedback else Status.REJECTED)
        Approval.objects.create(
            workspace_id=run.workspace_id, run=run, plan_version=run.plan_version, approved=False,
            feedback=feedback, plan=run.plan, decided_by=user,
        )  # fmt: skip
        decision = {"by": user.get_username(), "feedback": feedback, "plan_version": run.plan_version}
        if feedback:
            run.plan_version += 1
            _save(run, "plan_version")
        else:
            _finish(run)
        events.record(run, "rejected", decision, f"{user.get_username()} rejected the plan. {feedback}".strip())
        return run


def plan_edited(run_id: uuid.UUID, *, user: User, plan: dict[str, Any]) -> TaskRun:
    """A person's own plan in place of the drafted one, while it awaits approval."""
    with locked(run_id) as run:
        if run.status != Status.AWAITING_APPROVAL:
            raise InvalidTransition(f"Run #{run.run_number} is {run.status}: only a plan that awaits approval can be edited.")
        _edit_plan(run, plan, by=user.get_username())
        return run


def resumed(run_id: uuid.UUID, *, user: User) -> TaskRun:
    """paused → where it was. A run that paused over a loop gets two more rounds, or it would pause again at once."""
    with locked(run_id) as run:
        if run.status != Status.PAUSED:
            raise InvalidTransition(f"Run #{run.run_number} is {run.status}: only a paused run can be resumed.")
        if run.pause_reason == "loop":
            run.budget = run.budget | {"extra_rounds": run.budget.get("extra_rounds", 0) + 2}
        run.enter(Status(run.paused_from))
        run.paused_from, run.pause_reason, run.error = "", "", None
        _save(run, "paused_from", "pause_reason", "error", "budget")
        events.record(run, "resumed", {"by": user.get_username()}, f"{user.get_username()} resumed the run.")
        return run


def cancel_requested(run_id: uuid.UUID, *, by: str) -> TaskRun:
    """Any state that is not final → cancelled: at once if no worker holds the run, else by its worker within a second."""
    with locked(run_id) as run:
        if run.is_final:
            if run.status == Status.CANCELLED:
                return run
            raise InvalidTransition(f"Run #{run.run_number} is {run.status} already.")
        run.cancel_requested_at, run.cancelled_by = timezone.now(), by
        run.save(update_fields=["cancel_requested_at", "cancelled_by", "updated_at"])
        if run.lease_expires_at is None or run.lease_expires_at < timezone.now():
            _cancel(run)
        return run


def cancelled(run_id: uuid.UUID, fence: int) -> TaskRun:
    """The worker's answer to a cancel request: everything it had started has ended."""
    with locked(run_id, fence=fence) as run:
        _cancel(run)
        return run


# Shared steps, all under the lock


def _cancel(run: TaskRun) -> None:
    run.enter(Status.CANCELLED)
    run.fence += 1  # whoever still holds it writes nothing more
    _finish(run, "fence")
    events.record(run, "cancelled", {"by": run.cancelled_by}, f"{run.cancelled_by} cancelled the run.")


def _approve(run: TaskRun, *, by: str, user_id: uuid.UUID | None, automatic: bool = False) -> None:
    run.enter(Status.APPROVED)
    Approval.objects.create(
        workspace_id=run.workspace_id, run=run, plan_version=run.plan_version, approved=True,
        plan=run.plan, decided_by_id=user_id, automatic=automatic,
    )  # fmt: skip
    _save(run)
    decision = {"by": by, "plan_version": run.plan_version, "automatic": automatic}
    events.record(run, "approved", decision, f"Approved by {by}{' in advance' if automatic else ''}.")


def _edit_plan(run: TaskRun, plan: dict[str, Any], *, by: str) -> None:
    run.plan = plan
    run.plan_version += 1
    run.save(update_fields=["plan", "plan_version", "updated_at"])
    events.record(run, "plan_edited", {"by": by, "plan": plan, "plan_version": run.plan_version}, f"{by} edited the plan.")


def _already_decided(run: TaskRun, *, approved: bool, plan_version: int | None) -> bool:
    """True when this very decision was taken before: a repeated request gets the same answer."""
    if run.status == Status.AWAITING_APPROVAL:
        return False
    last = Approval.across_tenants.filter(run=run).order_by("-plan_version").first()
    same = last is not None and last.approved == approved and plan_version in (None, last.plan_version)
    if not same:
        raise InvalidTransition(f"Run #{run.run_number} is {run.status}: there is no plan to decide on.")
    return True


def _check_version(run: TaskRun, plan_version: int | None) -> None:
    if plan_version is not None and plan_version != run.plan_version:
        raise Conflict(
            f"You decided on version {plan_version} of the plan; it is at version {run.plan_version} now. Read it again.",
            code="stale_plan",
        )


def usage_of(run: TaskRun) -> dict[str, Any]:
    """What the run took so far, in CONTRACT's shape. A cost of None means that some price is unknown."""
    return {"tokens_in": 0, "tokens_out": 0, "calls": 0, "cost_usd": "0"} | run.usage
