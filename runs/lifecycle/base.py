"""The basis of every transition: locking the run, saving it, and updating what the task shows of it.

A change, its event and what the task shows are one transaction. Lock order is task, run, workspace (DESIGN: Durability).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from django.db import transaction
from django.db.models import QuerySet

from mgx_project.common import clock
from mgx_project.common.errors import NotFound
from tasks.models import Task
from workspaces.event_log import Draft

from ..errors import LeaseLost
from ..events import event_log
from ..models import Approval, TaskRun
from ..models.run_state import RunOutcome, Status
from ..notifications import status_comment
from ..signals import run_finished
from . import claim_spans


class Unwritten(Protocol):
    """What a worker still has to write of its run (`runs.worker.event_buffer`)."""

    def show_on(self, run: TaskRun) -> None:
        """Sets the columns that are not written yet."""
        ...

    def write(self, *after: Draft) -> None:
        """All of it, then the events ``after`` it. The run is locked."""
        ...


def task_of(run_id: uuid.UUID) -> QuerySet[Any]:
    """The id of the run's task, which never changes, for a statement that locks the task."""
    return TaskRun.across_tenants.filter(pk=run_id).values("task_id")[:1]


@contextmanager
def locked(run_id: uuid.UUID, *, fence: int | None = None, unwritten: Unwritten | None = None) -> Iterator[TaskRun]:
    """The run, locked after its task for one transaction. Raises LeaseLost if ``fence`` is given and no longer the run's; a
    transaction around it then rolls back as well."""
    with transaction.atomic(savepoint=fence is None):  # no worker goes on with a transition that failed
        tasks = Task.across_tenants.select_related("project").select_for_update(of=("self",))
        task = tasks.filter(pk=task_of(run_id)).first()
        run: TaskRun | None = TaskRun.across_tenants.select_for_update().filter(pk=run_id).first()
        if run is None or task is None:
            raise (
                LeaseLost("The run was deleted.")
                if fence is not None
                else NotFound("This run does not exist or you do not have access to it.")
            )
        if fence is not None and run.fence != fence:
            raise LeaseLost("Another worker owns this run now.")
        run.task = task
        if unwritten is not None:
            unwritten.show_on(run)
        yield run


def tell(run: TaskRun, drafts: Sequence[Draft], *, fence: int | None = None, unwritten: Unwritten | None = None) -> None:
    """The events of a transition, behind what its worker still had to write. Call it last in a transaction."""
    if unwritten is not None:
        unwritten.write(*drafts)
    elif drafts:
        event_log.append(run, drafts, fence=fence)


def save_state(run: TaskRun, *fields: str) -> None:
    """Saves a state change, and what the task shows of it."""
    run.save(update_fields=["status", *fields, "updated_at"])
    task = run.task
    if task.closed_at is None:
        task.status = run.state.task
    task.last_run_status = run.status
    task.last_run_at = run.started_at or run.created_at
    if run.is_final:
        task.runs_succeeded += run.state.outcome is RunOutcome.SUCCEEDED
        task.runs_failed += run.state.outcome is RunOutcome.FAILED
        task.last_error = (run.error or {}).get("detail", "")
    task.save(
        update_fields=["status", "last_run_status", "last_run_at", "runs_succeeded", "runs_failed", "last_error", "updated_at"]
    )
    status_comment.queue_comments(run)


def end_lease(run: TaskRun) -> tuple[str, str]:
    """Ends the claim: closes its span and clears the lease. Returns the fields to save."""
    claim_spans.end(run)
    run.lease_owner, run.lease_expires_at = "", None
    return "lease_owner", "lease_expires_at"


def finish(
    run: TaskRun,
    *fields: str,
    data: dict[str, Any],
    message: str,
    fence: int | None = None,
    preceded_by: tuple[str, dict[str, Any], str] | None = None,
    unwritten: Unwritten | None = None,
) -> None:
    """Saves a final state, sends the signal for it, and writes its event (`RunState.end_event`), so that no end is without one.

    ``preceded_by`` is an event (type, data, message) of the same moment that led to it.
    """
    run.completed_at = clock.now()
    save_state(run, *end_lease(run), "completed_at", *fields)
    run_finished.send(sender=TaskRun, run=run)
    before = [Draft(*preceded_by)] if preceded_by is not None else []
    tell(run, [*before, Draft(run.state.end_event, data, message)], fence=fence, unwritten=unwritten)


def approve(run: TaskRun, *, by: str, user_id: uuid.UUID | None, automatic: bool = False, feedback: str = "") -> Draft:
    """awaiting_approval → approved, by a person now or (``automatic``) when the run was made. Under the lock; returns the event
    and does not save the run."""
    run.enter(Status.APPROVED)
    Approval.objects.create(
        workspace_id=run.workspace_id, run=run, plan_version=run.plan_version, approved=True,
        plan=run.plan, decided_by_id=user_id, automatic=automatic, feedback=feedback,
    )  # fmt: skip
    decision = {"by": by, "plan_version": run.plan_version, "automatic": automatic, "feedback": feedback}
    return Draft("approved", decision, f"Approved{' automatically' if automatic else ''} by {by}. {feedback}".rstrip())


def cancel(run: TaskRun) -> None:
    """Any state that is not final → cancelled. Under the lock."""
    run.enter(Status.CANCELLED)
    run.fence += 1  # a worker that still holds the run can't write any more
    finish(run, "fence", data={"by": run.cancelled_by}, message=f"{run.cancelled_by} cancelled the run.")
