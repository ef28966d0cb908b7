"""Plans a paused run again from what is done so far: for a journal that a server can't replay (`runs.lifecycle.versions`).

What is recorded stays where it is: the steps of the new beginning have keys of their own, so none of the old ones is replayed
or done again, and the files go on from the last tree that was stored.
"""

from __future__ import annotations

from typing import Any

from agent.ports import JSONObject
from mgx_project.common.errors import InvalidTransition

from ..models import ChangeRound, RunStep, SteerMessage, TaskRun
from ..models.run_state import Status
from .versions import pin_newest

KEPT_KEYS = ("source", "source/pull_request")
"""Steps that hold for all beginnings of a run: what it was checked out from."""
FIELDS = ("plan_version", "prompt_set", "journal_format", "planned_again")
"""Those of the run that `begin_again` sets, beside its status."""


def begin_again(run: TaskRun) -> None:
    """paused → planning, with the newest versions. Under the run's lock; does not save the run.

    Raises InvalidTransition where its commit is pushed already, or may be: then there is nothing left to plan in it.
    """
    # the step stands before the push begins; the run's own columns are written after it
    begun = RunStep.objects.for_workspace(run.workspace_id).filter(run=run, key__contains="deliver/push").exists()
    if run.is_pushed or begun:
        raise InvalidTransition(
            f"Run #{run.run_number} has pushed its commit: there is nothing left to plan again. Cancel it, then continue its "
            "branch with what is missing.",
        )
    steps = RunStep.objects.for_workspace(run.workspace_id).filter(run=run).exclude(tree="")
    last = steps.order_by(*RunStep.NEWEST_FIRST).first()
    rounds = ChangeRound.objects.for_workspace(run.workspace_id).filter(run=run).order_by("-number")
    run.planned_again = {
        "number": run.planned_again.get("number", 0) + 1,
        "tree": last.tree if last is not None else "",
        "rounds": rounds.values_list("number", flat=True).first() or 0,
        "plan": run.plan,
    }
    # what people told the team while it worked is told again: the new session knows nothing of it
    told = SteerMessage.objects.for_workspace(run.workspace_id).filter(run=run).exclude(step_key__startswith="plan/")
    told.update(step_key="")
    run.enter(Status.PLANNING)
    run.plan_version += 1
    pin_newest(run)


def step_key(run: TaskRun, key: str) -> str:
    """The name of a step in the journal of ``run``, which may have begun again."""
    number = run.planned_again.get("number", 0)
    return f"again/{number}/{key}" if number and key not in KEPT_KEYS else key


def tree_of(run: TaskRun) -> str:
    """The tree that ``run`` goes on from, "" for the base's."""
    tree: str = run.planned_again.get("tree", "")
    return tree


def earlier_of(run: TaskRun, files: list[str], before: JSONObject | None) -> dict[str, Any] | None:
    """What the team is told of the work so far (`agent.ports.TaskSpec.earlier`); ``before`` is what it was told at first."""
    if not tree_of(run):
        return before
    plan = run.planned_again.get("plan") or {}
    known = {"run_number": run.run_number, "status": "planned again", "plan": plan, "files": files}
    return {**known, "task": (before or {}).get("task", ""), "before": [before] if before else []}
