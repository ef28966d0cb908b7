"""Which runs can be continued, and what a person does instead with one that can't be."""

from __future__ import annotations

import uuid

from django.db.models import Q

from mgx_project.common.errors import InvalidTransition

from ..models import TaskRun
from ..models.run import PUSHED
from ..models.run_state import FINAL, RunAction

MAX_MESSAGE = 10_000
MAX_LOOKED_AT = 50


def require_continuable(run: TaskRun) -> None:
    """Raises InvalidTransition for a run that has not ended, and for one that left no branch."""
    if not run.is_final:
        raise InvalidTransition(
            f"Run #{run.run_number} is {run.status}. Only a finished run can be continued.", hint=instead(run)
        )
    if run.has_branch:
        return
    other = newest_with_branch(run.workspace_id, run.task_id)
    raise InvalidTransition(
        f"Run #{run.run_number} is {run.status} and can't be continued: it left no branch in a repository.",
        code="no_branch",
        hint=f'Continue run #{other.run_number} of its task: mgx continue {name_of(other)} -m "…"'
        if other is not None
        else f'Retry it with your message: mgx retry {name_of(run)} -m "…"',
    )


def newest_with_branch(workspace_id: uuid.UUID, task_id: uuid.UUID) -> TaskRun | None:
    """The newest run of the task that can be continued."""
    ended = TaskRun.objects.for_workspace(workspace_id).filter(task_id=task_id, status__in=FINAL)
    likely = ended.filter(Q(git_status__in=PUSHED) | Q(revision__isnull=False)).order_by("-run_number")[:MAX_LOOKED_AT]
    return next((run for run in likely if run.has_branch), None)


def refuse_beside(live: TaskRun) -> InvalidTransition:
    """For a task of which a run is ``live``: two runs can't move one branch."""
    return InvalidTransition(
        f"Run #{live.run_number} of this task is {live.status}, and two runs can't go on on one branch at the same time.",
        hint=f"{instead(live)} Or try again when it has ended.",
    )


def instead(run: TaskRun) -> str:
    """What a person who wants more of a run that has not ended does."""
    name, actions = name_of(run), run.state.next_actions
    if RunAction.RESUME in actions:
        return f'Resume it with your message: mgx resume {name} -m "…"'
    if RunAction.APPROVE in actions:
        return f'Reject its plan with your message: mgx reject {name} -m "…"'
    if RunAction.CHANGES in actions:
        return f"Decide on its changes, with your message as a comment: mgx changes {name}"
    if run.state.refuses_messages:
        return f"Wait until it has ended: mgx attach {name}"
    return f'Send it your message: mgx steer {name} "…"'


def afterwards(run: TaskRun) -> str:
    """What a person who wants more of a run that has ended does."""
    return f'Have more done: mgx {"continue" if run.has_branch else "retry"} {name_of(run)} -m "…"'


def name_of(run: TaskRun) -> str:
    """The short id that commands take."""
    return str(run.pk)[:13]
