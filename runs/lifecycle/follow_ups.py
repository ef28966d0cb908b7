"""Runs that go on where another one ended, on its branch: one at a time, whoever asks."""

from __future__ import annotations

from tasks.models import Task

from ..models import TaskRun
from ..models.run_state import FINAL
from .continuation import refuse_beside
from .revisions import CONTINUE
from .standing_decision import StandingDecision, with_standing


def require_idle(parent: TaskRun) -> None:
    """Locks the task. Raises InvalidTransition, with who started what, while a run of it has not ended: two would move one
    branch."""
    Task.objects.for_workspace(parent.workspace_id).select_for_update().get(pk=parent.task_id)
    runs = TaskRun.objects.for_workspace(parent.workspace_id).filter(task_id=parent.task_id).select_related("created_by")
    live = runs.exclude(status__in=FINAL).order_by("-run_number").first()
    if live is not None:
        raise with_standing(refuse_beside(live), _started(live))


def _started(live: TaskRun) -> StandingDecision:
    asked = live.revision or {}
    by = str(asked.get("by") or (live.created_by.get_username() if live.created_by else "somebody"))
    words = str(asked.get("asked", "")) if asked.get("kind") == CONTINUE else ""
    return StandingDecision("run_queued", by, live.created_at, f"{by} started run #{live.run_number}.", words)
