"""The acts on a run as its page offers them: each with whether it is possible now, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workspaces.models import Role
from workspaces.principal import Principal

from ..models import TaskRun
from ..models.run_state import STATES, RunAction
from ..services import approver_of

STEER = "steer"
LABELS = {
    RunAction.APPROVE: "Approve plan",
    RunAction.REJECT: "Reject plan",
    RunAction.CHANGES: "Review changes",
    RunAction.RESUME: "Resume",
    RunAction.CANCEL: "Cancel run",
    RunAction.RETRY: "Retry",
    RunAction.CONTINUE: "Continue",
}
WHEN = {
    RunAction.APPROVE: "A plan can be approved while it awaits approval.",
    RunAction.REJECT: "A plan can be rejected while it awaits approval.",
    RunAction.CHANGES: "Changes can be decided on while the run awaits the decision.",
    RunAction.RESUME: "Only a paused run can be resumed.",
    RunAction.CANCEL: "The run has ended.",
    RunAction.RETRY: "Only a run that has ended can be retried.",
    RunAction.CONTINUE: "Only a run that has ended can be continued.",
}
COLUMNS = (
    "status", "paused_from", "git_status", "revision", "cancel_requested_at", "created_by_id", "account",
    "task__project__approval_policy",
)  # fmt: skip
"""Of a run's row, with which `acts_on` decides."""


def acts_on(row: Mapping[str, Any], principal: Principal) -> list[dict[str, Any]]:
    """{name, label, possible, reason} of each act. ``row`` has COLUMNS."""
    own = principal.owns(created_by_id=row["created_by_id"], account=row["account"])
    approver = approver_of(row["task__project__approval_policy"])
    roles = {
        RunAction.APPROVE: approver,
        RunAction.REJECT: approver,
        RunAction.CHANGES: approver,
        RunAction.CANCEL: Role.DEVELOPER if own else Role.ADMIN,
    }
    found = []
    for action in RunAction:
        reason = _why_not(row, action) or _lacks(principal, roles.get(action, Role.DEVELOPER))
        found.append({"name": str(action), "label": LABELS[action], "possible": not reason, "reason": reason})
    reason = _deaf(row) or _lacks(principal, Role.DEVELOPER)
    return [*found, {"name": STEER, "label": "Send", "possible": not reason, "reason": reason}]


def may_decide(principal: Principal, policy: str) -> bool:
    """Whether the person may approve plans and changes of a project with that policy."""
    return principal.role.allows(approver_of(policy))


def _why_not(row: Mapping[str, Any], action: RunAction) -> str:
    state = STATES[row["status"]]
    if action not in state.actions:
        return WHEN[action]
    if action is RunAction.CONTINUE and not _has_branch(row):
        return "The run left no branch to continue on. Retry it instead."
    if action is RunAction.CANCEL and row["cancel_requested_at"] is not None:
        return "The run is being cancelled."
    return ""


def _has_branch(row: Mapping[str, Any]) -> bool:
    return TaskRun(git_status=row["git_status"], revision=row["revision"]).has_branch


def _deaf(row: Mapping[str, Any]) -> str:
    """Why the team can't receive a message now."""
    if STATES[row["status"]].final:
        return "The run has ended. Retry or continue it with your message."
    if row["cancel_requested_at"] is not None:
        return "The run is being cancelled."
    why = STATES[row["paused_from"] or row["status"]].refuses_messages
    return f"The run does not accept messages: {why}" if why else ""


def _lacks(principal: Principal, role: Role) -> str:
    return (
        "" if principal.role.allows(role) else f"This requires the role {role} in the workspace; your role is {principal.role}."
    )
