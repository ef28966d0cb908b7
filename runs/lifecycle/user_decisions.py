"""Transitions decided by people: made under the run's lock, with an event that names the person."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.db.models.functions import Now

from agent.projects.in_plan import edited_commands, mark_edits, refused_edits, with_edits
from mgx_project.common import clock
from mgx_project.common.bounded import MAX_BYTES as MAX_COMMANDS_BYTES
from mgx_project.common.errors import BadRequest, InvalidTransition, PreconditionFailed
from projects.models import Project
from workspaces.models import Event
from workspaces.principal import Principal

from ..events import event_log
from ..models import Approval, TaskRun
from ..models.run_state import RunAction, Status
from ..notifications import status_comment
from . import messages, plan_again
from .base import approve, cancel, finish, locked, save_state, tell
from .cancel_channel import notify_worker
from .continuation import afterwards, instead
from .edited_paths import refuse_paths
from .plan_decisions import PlanDecision, is_repeated, same_plan
from .standing_decision import EDITS, ENDS, PAUSE, latest, with_standing


def approve_plan(
    run_id: uuid.UUID, *, by: Principal, plan_version: int | None, plan: dict[str, Any] | None = None, feedback: str = ""
) -> TaskRun:
    """awaiting_approval → approved; ``feedback`` is passed to the team. Idempotent for the same approval.

    Raises Conflict for another plan version, and where something else was decided.
    """
    with locked(run_id) as run:
        if is_repeated(run, PlanDecision(True, plan_version, plan, feedback)):
            return run
        if plan is not None:
            _edit_plan(run, plan, by=by.display)
        _remember_commands(run)
        approved = approve(run, by=by.display, user_id=None if by.person is None else by.person.pk, feedback=feedback)
        save_state(run)
        tell(run, [approved])
        return run


def reject_plan(
    run_id: uuid.UUID, *, by: Principal, plan_version: int | None, feedback: str, plan: dict[str, Any] | None = None
) -> TaskRun:
    """awaiting_approval → planning again (with feedback) or rejected. Idempotent and refused as `approve_plan` is.

    The next plan is drafted with the rejected one as people left it, so with their edits in ``plan``.
    """
    with locked(run_id) as run:
        if is_repeated(run, PlanDecision(False, plan_version, plan, feedback)):
            return run
        if plan is not None:
            _edit_plan(run, plan, by=by.display)
        run.enter(Status.PLANNING if feedback else Status.REJECTED)
        Approval.objects.create(
            workspace_id=run.workspace_id, run=run, plan_version=run.plan_version, approved=False,
            feedback=feedback, plan=run.plan, decided_by=by.person,
        )  # fmt: skip
        decision = {"by": by.display, "feedback": feedback, "plan_version": run.plan_version}
        said = f"{by.display} rejected the plan. {feedback}".strip()
        if run.is_final:
            finish(run, data=decision, message=said)
        else:
            run.plan_version += 1
            save_state(run, "plan_version")
            event_log.record(run, "rejected", decision, said)
        return run


def edit_plan(
    run_id: uuid.UUID, *, by: Principal, plan: dict[str, Any], check: Callable[[TaskRun], None] = lambda run: None
) -> TaskRun:
    """Replaces the drafted plan with a person's plan. ``check`` is called under the lock and may raise PreconditionFailed.

    Raises InvalidTransition unless the plan awaits approval.
    """
    with locked(run_id) as run:
        try:
            check(run)
        except PreconditionFailed as changed:
            raise with_standing(changed, latest(run, EDITS)) from None
        if RunAction.APPROVE not in run.state.actions:
            error = InvalidTransition(
                f"Run #{run.run_number} is {run.status}: a plan can only be edited while it is awaiting approval."
            )
            raise with_standing(error, latest(run, EDITS))
        _edit_plan(run, plan, by=by.display)
        return run


def resume(
    run_id: uuid.UUID,
    *,
    by: Principal,
    message: str = "",
    budget: dict[str, Any] | None = None,
    again: bool = False,
) -> TaskRun:
    """paused → the previous state. ``message`` is passed to the team, and caps of ``budget`` replace the run's own.

    A run that paused over a loop gets two more rounds, or it would pause again at once; one that paused over a question about
    the task makes a new plan with the answer. With ``again``, any makes a new plan from what is done so far (`plan_again`).
    Idempotent for the same message and caps while the run goes on. Raises BadRequest without an answer, and InvalidTransition
    unless the run is paused.
    """
    with locked(run_id) as run:
        said: dict[str, Any] = {"message": message, "budget": budget or {}, **({"plan_again": True} if again else {})}
        if RunAction.RESUME not in run.state.actions:
            if _is_resumed(run, said):
                return run
            hint = afterwards(run) if run.is_final else instead(run)
            error = InvalidTransition(f"Run #{run.run_number} is {run.status}: only a paused run can be resumed.", hint=hint)
            raise with_standing(error, latest(run, PAUSE))
        run.budget = run.budget | (budget or {})
        if run.pause_reason == "loop":
            run.budget = run.budget | {"extra_rounds": run.budget.get("extra_rounds", 0) + 2}
        question = run.pause_reason == "question" and run.paused_from == Status.PLANNING
        if again:
            plan_again.begin_again(run)
        else:
            run.enter(Status(run.paused_from))
        if again:
            if message:
                messages.record_message(run, by=by, text=message, step_key=f"plan/{run.plan_version}")
        elif question:
            messages.answer_question(run, by=by, text=message)
        elif message:
            messages.record_message(run, by=by, text=message)
        run.paused_from, run.pause_reason, run.error = "", "", None
        save_state(run, "paused_from", "pause_reason", "error", "budget", *plan_again.FIELDS)
        does = "had the run planned again from what is done so far" if again else "resumed the run"
        event_log.record(run, "resumed", {"by": by.display, **said}, f"{by.display} {does}.")
        return run


def request_cancel(run_id: uuid.UUID, *, by: str) -> TaskRun:
    """Any state that is not final → cancelled: at once if no worker holds the run, else by its worker, which is notified.

    Raises InvalidTransition for a run that ended in another state; a cancelled one stays as it is.
    """
    with locked(run_id) as run:
        if run.is_final:
            if run.status == Status.CANCELLED:
                return run
            error = InvalidTransition(f"Run #{run.run_number} is already {run.status} and can't be cancelled.")
            raise with_standing(error, latest(run, ENDS))
        if run.cancel_requested_at is None:  # who asked first stays the one who did
            run.cancel_requested_at, run.cancelled_by = clock.now(), by
            run.save(update_fields=["cancel_requested_at", "cancelled_by", "updated_at"])
        if not TaskRun.across_tenants.filter(pk=run.pk, lease_expires_at__gte=Now()).exists():
            cancel(run)
        else:
            notify_worker(run.pk)
        return run


def _is_resumed(run: TaskRun, said: dict[str, Any]) -> bool:
    """Whether the run goes on because somebody resumed it with the same words and caps."""
    rows = Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk, type__in=("resumed", "paused"))
    last = rows.order_by("-seq").first()
    if run.is_final or last is None or last.type != "resumed":
        return False
    return all(last.data.get(name, type(value)()) == value for name, value in said.items())


def _edit_plan(run: TaskRun, plan: dict[str, Any], *, by: str) -> None:
    """Does nothing where ``plan`` is the present one. Raises BadRequest for paths and commands that can't be used."""
    if same_plan(plan, run.plan or {}):
        return
    refuse_paths(run.plan or {}, plan)
    if refused := refused_edits(plan):
        raise BadRequest(refused, code="plan_commands")
    plan = mark_edits(run.plan or {}, plan)
    run.plan = plan
    run.plan_version += 1
    run.save(update_fields=["plan", "plan_version", "updated_at"])
    status_comment.queue_comments(run)
    event_log.record(run, "plan_edited", {"by": by, "plan": plan, "plan_version": run.plan_version}, f"{by} edited the plan.")


def _remember_commands(run: TaskRun) -> None:
    """What people wrote into the plan's commands holds for later runs of the project too."""
    if not edited_commands(run.plan or {}):
        return
    project = Project.objects.for_workspace(run.workspace_id).select_for_update().get(pk=run.task.project_id)
    commands = with_edits(project.commands, run.plan or {})
    if len(json.dumps(commands)) > MAX_COMMANDS_BYTES:
        raise BadRequest(
            f"With these commands the project would remember more than {MAX_COMMANDS_BYTES:,} bytes of them. Remove some in "
            "the project's settings, then approve the plan.",
            code="plan_commands",
        )
    project.commands = commands
    project.save(update_fields=["commands", "updated_at"])
