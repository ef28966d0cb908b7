"""Actions of people on runs. Each checks the permission, changes the state, and wakes a worker on commit."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from pydantic import ValidationError

from mgx_project.common import clock, traces
from mgx_project.common.errors import BadRequest, InvalidTransition, NotAllowed, NotFound
from projects.models import Project
from tasks.models import Task
from tasks.services import require_repository
from workspaces.audit import record_act, record_audit
from workspaces.limits import limit_of, refuse_beyond
from workspaces.models import Role
from workspaces.principal import Principal

from .events import event_log
from .events.planning import Plan
from .lifecycle import budget_caps, change_review, continuation, follow_ups, messages, revisions, user_decisions
from .models import TaskRun
from .models.run_state import FINAL, STATES, Status
from .notifications import status_comment
from .wakeups import wake
from .worker import model_connection


@traces.span("queue run", kind="producer")
def create_run(
    *,
    principal: Principal,
    task_id: uuid.UUID,
    auto_approve: bool = False,
    model: str = "",
    budget: dict[str, Any] | None = None,
    profile: bool = False,
    parent: TaskRun | None = None,
    revision: dict[str, Any] | None = None,
) -> TaskRun:
    """Creates a run: a queued attempt at a task. Raises NotFound, NotAllowed (also if auto_approve requires more rights),
    BadRequest, LimitReached."""
    principal.require(Role.DEVELOPER)
    if model and (refused := model_connection.refuse_model(principal.workspace_id, model)):
        raise BadRequest(refused, field="model", code="unknown_model")
    budget_caps.require_within_defaults(principal, budget or {})
    with transaction.atomic():
        tasks = (
            Task.objects.for_workspace(principal.workspace_id)
            .select_related("project", "workspace")
            .select_for_update(of=("self",))
        )
        task = tasks.filter(pk=task_id).first()
        if task is None:
            raise NotFound("This task does not exist or you do not have access to it.")
        if auto_approve:
            _require_approver(principal, task.project)
        require_repository(principal.workspace_id, task.repository_id)
        task.runs_total += 1
        task.status, task.closed_at = Task.Status.RUNNING, None
        task.last_run_status = Status.QUEUED
        run = TaskRun.objects.create(
            workspace_id=principal.workspace_id,
            task=task,
            project_id=task.project_id,
            parent_run=parent,
            run_number=task.runs_total,
            plan_version=1,
            auto_approve=auto_approve,
            model=model,
            profile=profile,
            budget=_storable(budget),
            created_by=principal.person,
            account=principal.account,
            begun_by_program=principal.is_program,
            traceparent=traces.traceparent(),
            **({} if parent is None or revision is None else revisions.branch_for(parent, revision)),
        )
        task.last_run_at = run.created_at
        task.save(update_fields=["runs_total", "status", "closed_at", "last_run_status", "last_run_at", "updated_at"])
        data = {
            "run_number": run.run_number,
            "auto_approve": auto_approve,
            "parent_run_id": str(parent.pk) if parent else None,
        }
        status_comment.queue_comments(run)
        event_log.record(run, "run_queued", data, f"Run #{run.run_number} of “{task.name}” is queued.")
        known = {"run_number": run.run_number, "task": task.name, "auto_approve": auto_approve, "model": model}
        _audit(principal, "run.created", run, {**known, "budget": run.budget, "parent_run_id": data["parent_run_id"]})
        _keep_queue_within(limit_of(task.workspace, "queued_runs"), task.workspace_id)
        wake(run)
        return run


def _keep_queue_within(limit: int | None, workspace_id: uuid.UUID) -> None:
    """Raises LimitReached where more runs wait than may. The run is among them, and its event holds the workspace's row: who
    makes another one at the same time counts after us."""
    if limit is not None:
        waiting = TaskRun.objects.for_workspace(workspace_id).filter(status=Status.QUEUED)[: limit + 1].count()
        refuse_beyond(limit, "queued_runs", waiting)


def revise_run(*, principal: Principal, run_id: uuid.UUID, revision: dict[str, Any]) -> TaskRun:
    """Creates a run that changes the pull request of ``run_id`` (``runs.lifecycle.revisions``). Its plan is approved in advance
    if the principal may approve plans.

    Raises InvalidTransition while a run of the task has not ended.
    """
    principal.require(Role.DEVELOPER)
    parent = _visible(principal, run_id)
    approver = approver_of(parent.task.project.approval_policy)
    with transaction.atomic():
        follow_ups.require_idle(parent)
        budget = budget_caps.inherited(principal, parent.budget)
        return create_run(
            principal=principal, task_id=parent.task_id, auto_approve=principal.role.allows(approver),
            model=parent.model, budget=budget, parent=parent, revision=revision,
        )  # fmt: skip


def continue_run(
    *,
    principal: Principal,
    run_id: uuid.UUID,
    message: str,
    model: str = "",
    budget: dict[str, Any] | None = None,
    auto_approve: bool = False,
) -> TaskRun:
    """Creates a run that does what ``message`` says on the branch and pull request of a finished run, and knows what was done
    there. Its model and budget are that run's, as far as ``model`` and caps of ``budget`` do not replace them.

    Raises NotFound, BadRequest, NotAllowed, LimitReached, and InvalidTransition for a run that can't be continued or a task
    of which another run has not ended.
    """
    principal.require(Role.DEVELOPER)
    message = message.strip()
    if not 0 < len(message) <= continuation.MAX_MESSAGE:
        raise BadRequest(
            f"Say what should change, in at most {continuation.MAX_MESSAGE:,} characters.", field="message", code="no_message"
        )
    parent = _visible(principal, run_id)
    with transaction.atomic():
        continuation.require_continuable(parent)
        follow_ups.require_idle(parent)
        require_repository(principal.workspace_id, parent.repository_id)
        run = create_run(
            principal=principal,
            task_id=parent.task_id,
            auto_approve=auto_approve,
            model=model or parent.model,
            budget=budget_caps.inherited(principal, parent.budget) | (budget or {}),
            parent=parent,
            revision=revisions.of_person(message, parent, principal.account),
        )
        _audit(principal, "run.continued", parent, {"run_number": parent.run_number, "new_run_id": str(run.pk)})
        return run


def close_task(
    *, workspace_id: uuid.UUID, task_id: uuid.UUID, merged: bool, by: str, closed_at: datetime | None = None
) -> None:
    """Handles a pull request that was merged or closed at ``closed_at``: completes or closes the task and cancels its live
    runs. A run that was begun after that goes on, and the task with it."""
    with transaction.atomic():
        task = Task.objects.for_workspace(workspace_id).select_for_update().get(pk=task_id)
        status = Task.Status.COMPLETED if merged else Task.Status.CANCELLED
        if task.closed_at is not None and task.status in (status, Task.Status.COMPLETED):
            return  # known, or an older event of closing that arrived after the merge
        live = TaskRun.objects.for_workspace(workspace_id).filter(task=task).exclude(status__in=FINAL)
        if closed_at is not None and live.filter(created_at__gte=closed_at + timedelta(seconds=1)).exists():
            return
        task.status = status
        task.closed_at = clock.now()
        task.save(update_fields=["status", "closed_at", "updated_at"])
        _audit_task(task, "task.merged" if merged else "task.closed", f"account:{by}")
        for run_id in live.values_list("pk", flat=True):
            user_decisions.request_cancel(run_id, by=by)


def reopen_task(*, workspace_id: uuid.UUID, task_id: uuid.UUID) -> None:
    """Handles a reopened pull request: the task gets the status of its latest run."""
    with transaction.atomic():
        task = Task.objects.for_workspace(workspace_id).select_for_update().get(pk=task_id)
        if task.closed_at is None:
            return
        task.closed_at = None
        task.status = STATES[task.last_run_status].task
        task.save(update_fields=["status", "closed_at", "updated_at"])
        _audit_task(task, "task.reopened", "hosting service")


def decide_plan(
    *,
    principal: Principal,
    run_id: uuid.UUID,
    approved: bool,
    feedback: str = "",
    plan: dict[str, Any] | None = None,
    plan_version: int | None = None,
) -> TaskRun:
    """Approves the plan, edited or not, and passes ``feedback`` to the team; or rejects it: with feedback it is drafted again,
    without it the run ends."""
    run = _visible(principal, run_id)
    _require_approver(principal, run.task.project)
    edited = None if plan is None else checked_plan(plan)
    with transaction.atomic():
        if approved:
            run = user_decisions.approve_plan(
                run.pk, by=principal, plan_version=plan_version, plan=edited, feedback=feedback.strip()
            )
        else:
            run = user_decisions.reject_plan(
                run.pk, by=principal, plan_version=plan_version, feedback=feedback.strip(), plan=edited
            )
        _audit(principal, "run.approved" if approved else "run.rejected", run, {"plan_version": run.plan_version})
        wake(run)
    return run


def edit_plan(
    *,
    principal: Principal,
    run_id: uuid.UUID,
    plan: dict[str, Any],
    check: Callable[[TaskRun], None] = lambda run: None,
) -> TaskRun:
    """Replaces the plan while it awaits approval. ``check`` sees the locked run and may raise PreconditionFailed."""
    run = _visible(principal, run_id)
    _require_approver(principal, run.task.project)
    with transaction.atomic():
        run = user_decisions.edit_plan(run.pk, by=principal, plan=checked_plan(plan), check=check)
        _audit(principal, "run.plan_edited", run, {"plan_version": run.plan_version})
    return run


def decide_changes(
    *,
    principal: Principal,
    run_id: uuid.UUID,
    decisions: Sequence[Mapping[str, Any]] = (),
    round: int | None = None,
    comment: str = "",
    accept_rest: bool = False,
    done: bool = False,
) -> TaskRun:
    """Accepts and rejects parts of the change (`change_review.decide`); whoever may approve the plan may."""
    run = _visible(principal, run_id)
    _require_approver(principal, run.task.project, "Deciding on changes")
    with transaction.atomic():
        run = change_review.decide(
            run.pk,
            workspace_id=principal.workspace_id,
            user=principal.user,
            number=round,
            entries=decisions,
            comment=comment.strip(),
            accept_rest=accept_rest,
            done=done,
        )
        _audit(principal, "run.changes_decided" if done else "run.changes_marked", run, {"status": run.status})
        wake(run)
    return run


def cancel_run(*, principal: Principal, run_id: uuid.UUID) -> TaskRun:
    """Cancels a run. Developers may cancel their own runs, admins any."""
    run = _visible(principal, run_id)
    own = principal.owns(created_by_id=run.created_by_id, account=run.account)
    principal.require(Role.DEVELOPER if own else Role.ADMIN)
    with transaction.atomic():
        run = user_decisions.request_cancel(run.pk, by=principal.display)
        _audit(principal, "run.cancelled", run, {"run_number": run.run_number})
    return run


def steer_run(*, principal: Principal, run_id: uuid.UUID, message: str) -> TaskRun:
    """Sends a message to the team, now or for when the run is resumed."""
    principal.require(Role.DEVELOPER)
    with transaction.atomic():
        run = messages.add_message(_visible(principal, run_id).pk, by=principal, text=message)
        _audit(principal, "run.steered", run, {"run_number": run.run_number})
    return run


def resume_run(
    *,
    principal: Principal,
    run_id: uuid.UUID,
    message: str = "",
    budget: dict[str, Any] | None = None,
    plan_again: bool = False,
) -> TaskRun:
    """Resumes a run. ``message`` is passed to the team, as the answer if the run paused over a question. ``budget`` replaces
    single caps of the run's own budget (None removes one) and requires an admin. With ``plan_again`` it plans again from what
    is done so far."""
    principal.require(Role.ADMIN if budget else Role.DEVELOPER)
    run = _visible(principal, run_id)
    with transaction.atomic():
        run = user_decisions.resume(run.pk, by=principal, message=message.strip(), budget=_storable(budget), again=plan_again)
        _audit(principal, "run.resumed", run, {"run_number": run.run_number, "plan_again": plan_again})
        if budget:
            _audit(principal, "run.budget_changed", run, {"budget": _storable(budget)})
        wake(run)
    return run


def retry_run(
    *, principal: Principal, run_id: uuid.UUID, auto_approve: bool = False, model: str = "", message: str = ""
) -> TaskRun:
    """Creates a run of the same task with the finished run as its parent; for a revision, another revision. ``model`` replaces
    that run's, ``message`` is feedback for the plan.

    Raises NotFound, BadRequest for an unknown model, or InvalidTransition for an unfinished run.
    """
    principal.require(Role.DEVELOPER)
    parent = _visible(principal, run_id)
    if not parent.is_final:
        raise InvalidTransition(f"Run #{parent.run_number} is {parent.status}. Only a finished run can be retried.")
    with transaction.atomic():
        if parent.continues_branch:
            follow_ups.require_idle(parent)
        run = create_run(
            principal=principal,
            task_id=parent.task_id,
            auto_approve=auto_approve,
            model=model or parent.model,
            budget=budget_caps.inherited(principal, parent.budget),
            parent=parent,
            revision=parent.revision,
        )
        if message.strip():
            messages.record_message(run, by=principal, text=message.strip(), step_key=f"plan/{run.plan_version}")
        return run


def delete_run(*, principal: Principal, run_id: uuid.UUID) -> None:
    """Deletes a finished run; its events stay in the log. Raises NotFound, or InvalidTransition for an unfinished run."""
    principal.require(Role.ADMIN)
    with transaction.atomic():
        run = _visible(principal, run_id)
        if not run.is_final:
            raise InvalidTransition(f"Run #{run.run_number} is {run.status}. Cancel it before you delete it.")
        _audit(principal, "run.deleted", run, {"run_number": run.run_number})
        run.delete()


def checked_plan(plan: dict[str, Any]) -> dict[str, Any]:
    """A person's plan, validated by the event schema. Raises BadRequest naming the field at fault."""
    try:
        return Plan.model_validate(plan).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(["plan", *map(str, first["loc"])])
        raise BadRequest(f"{field}: {first['msg']}", field=field) from None


def _storable(budget: dict[str, Any] | None) -> dict[str, Any]:
    return {name: str(cap) if isinstance(cap, Decimal) else cap for name, cap in (budget or {}).items()}


def _visible(principal: Principal, run_id: uuid.UUID) -> TaskRun:
    run: TaskRun | None = (
        TaskRun.objects.for_workspace(principal.workspace_id).select_related("task__project").filter(pk=run_id).first()
    )
    if run is None:
        raise NotFound("This run does not exist or you do not have access to it.")
    return run


def approver_of(policy: str) -> Role:
    """The role that decides on plans and changes of projects with that approval policy."""
    return Role.DEVELOPER if Project.ApprovalPolicy(policy) == Project.ApprovalPolicy.DEVELOPERS else Role.ADMIN


def _require_approver(principal: Principal, project: Project, doing: str = "Approving plans") -> None:
    needed = approver_of(project.approval_policy)
    if not principal.role.allows(needed):
        raise NotAllowed(f"{doing} of this project requires the role {needed}; your role is {principal.role}.")


def _audit(principal: Principal, action: str, run: TaskRun, detail: dict[str, Any]) -> None:
    record_audit(principal=principal, action=action, object_type="run", object_id=run.pk, detail=detail)


def _audit_task(task: Task, action: str, by: str) -> None:
    """What was done to a pull request on the hosting service."""
    record_act(
        workspace_id=task.workspace_id, by=by, action=action, object_type="task", object_id=task.pk,
        detail={"name": task.name},
    )  # fmt: skip
