"""Whether a decision about a plan was made before: the same one is the same answer, another one is refused with what stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.projects.in_plan import without_evidence
from mgx_project.common.errors import Conflict, InvalidTransition

from ..models import Approval, TaskRun
from ..models.run_state import RunAction
from .continuation import instead
from .standing_decision import EDITS, PLAN, latest, with_standing


@dataclass(frozen=True)
class PlanDecision:
    """``plan_version`` is the version decided on (None: the present one), ``plan`` an edited plan."""

    approved: bool
    plan_version: int | None
    plan: Mapping[str, Any] | None = None
    feedback: str = ""


def is_repeated(run: TaskRun, said: PlanDecision) -> bool:
    """Whether ``said`` stands already; False: it is the first about the plan that awaits approval. Under the run's lock.

    Raises Conflict (`stale_plan`) for another version than the present one, and InvalidTransition if something else was decided
    or there is nothing to decide; both with what stands.
    """
    waits = RunAction.APPROVE in run.state.actions
    if waits and said.plan_version in (None, run.plan_version):
        return False
    found = _decision_on(run, said.plan_version)
    if found is not None and _is_same(found, said):
        return True
    if waits:
        types, data = (EDITS, {}) if found is None else (PLAN, {"plan_version": found.plan_version})
        raise with_standing(_stale(run, said.plan_version), latest(run, types, **data))
    hint = "" if found is None or run.is_final else instead(run)
    error = InvalidTransition(f"Run #{run.run_number} is {run.status} and has no plan to decide on.", hint=hint)
    raise with_standing(error, latest(run, PLAN))


def _decision_on(run: TaskRun, version: int | None) -> Approval | None:
    """The decision on this version of the plan, edited in the same breath or not; for None the newest one."""
    rows = Approval.objects.for_workspace(run.workspace_id).filter(run=run).order_by("-plan_version")
    if version is None:
        return rows.first()
    return rows.filter(plan_version=version).first() or rows.filter(plan_version=version + 1).first()


def _is_same(found: Approval, said: PlanDecision) -> bool:
    if (found.approved, found.feedback) != (said.approved, said.feedback):
        return False
    if said.plan is None:
        return said.plan_version in (None, found.plan_version)
    return same_plan(said.plan, found.plan)


def same_plan(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Apart from what the server notes about commands."""
    return without_evidence(one) == without_evidence(other)


def _stale(run: TaskRun, version: int | None) -> Conflict:
    return Conflict(
        f"You decided on version {version} of the plan, but the current version is {run.plan_version}. Read it again.",
        code="stale_plan",
    )
