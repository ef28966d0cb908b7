"""Messages from people to a run: stored, announced, and passed to the next model call (`runs.worker.steering`) or, as the
answer to a question, to the next plan."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import QuerySet

from mgx_project.common import clock
from mgx_project.common.errors import BadRequest, InvalidTransition
from workspaces.principal import Principal

from ..errors import TooManyMessages
from ..events import event_log
from ..models import Approval, SteerMessage, TaskRun
from ..models.run_state import STATES
from .base import locked
from .continuation import afterwards
from .standing_decision import ENDS, latest, with_standing

MAX_CHARACTERS = 4_000
MAX_MESSAGES = 100
"""The most messages to one run: all of them are part of every later prompt."""
PER_MINUTE = 10


def add_message(run_id: uuid.UUID, *, by: Principal, text: str) -> TaskRun:
    """Adds a message for the team's next model call. Raises InvalidTransition if there will be none, TooManyMessages."""
    with locked(run_id) as run:
        if run.is_final or run.cancel_requested_at is not None:
            now = f"already {run.status}" if run.is_final else "being cancelled"
            hint = afterwards(run) if run.is_final else ""
            error = InvalidTransition(f"Run #{run.run_number} is {now} and does not accept messages.", hint=hint)
            raise with_standing(error, latest(run, ENDS))
        if why := STATES[run.paused_from or run.status].refuses_messages:
            raise InvalidTransition(f"Run #{run.run_number} is {run.status} and does not accept messages: {why}")
        record_message(run, by=by, text=text)
        return run


def record_message(run: TaskRun, *, by: Principal, text: str, answers: str = "", step_key: str = "") -> None:
    """Stores a message under the run's lock, late in the transaction. Raises TooManyMessages at a limit."""
    mine = SteerMessage.objects.for_workspace(run.workspace_id).filter(run=run)
    last = mine.order_by("-number").values_list("number", flat=True).first() or 0
    if last >= MAX_MESSAGES:
        raise TooManyMessages(
            f"Run #{run.run_number} reached the limit of {MAX_MESSAGES} messages. Cancel it and put the details into the task."
        )
    if mine.filter(created_at__gt=clock.now() - timedelta(minutes=1)).count() >= PER_MINUTE:
        detail = f"Run #{run.run_number} received {PER_MINUTE} messages within a minute. Wait before sending more."
        raise TooManyMessages(detail, retry_after=60)
    SteerMessage.objects.create(
        workspace_id=run.workspace_id, run=run, number=last + 1, text=text, by=by.display, answers=answers,
        step_key=step_key,
    )  # fmt: skip
    data = {"by": by.display, "message": text, "answers": answers}
    event_log.record(run, "steered", data, f"{by.display}: {text}")


def answer_question(run: TaskRun, *, by: Principal, text: str) -> None:
    """Stores the answer to the question that a plan paused over; messages since then count too. The next plan includes it.

    Under the run's lock; does not save the run. Raises BadRequest without an answer.
    """
    question = (run.error or {}).get("detail", "")
    waiting = SteerMessage.objects.for_workspace(run.workspace_id).filter(run=run, step_key="")
    since = waiting.filter(created_at__gt=run.updated_at)  # nothing is saved of a paused run: this is when it paused
    if not text and not since.exists():
        raise BadRequest(
            f"Run #{run.run_number} is waiting for an answer to: {question}", field="message", code="answer_needed",
            hint=f'Resume it with your answer: mgx resume {str(run.pk)[:8]} -m "your answer"',
        )  # fmt: skip
    run.plan_version += 1
    key = f"plan/{run.plan_version}"
    since.update(answers=question)
    waiting.update(step_key=key)
    if text:
        record_message(run, by=by, text=text, answers=question, step_key=key)


def plan_messages(run: TaskRun) -> list[str]:
    """Input for the present plan: reasons of earlier rejections, messages and answers, in order."""
    rejections = Approval.objects.for_workspace(run.workspace_id).filter(run=run, approved=False)
    found = list(rejections.values_list("created_at", "feedback"))
    earlier = _while_planning(run).exclude(step_key__startswith=f"plan/{run.plan_version}/")
    found += [(message.created_at, _told(message)) for message in earlier]
    return [text for _, text in sorted(found)]


def messages_while_planning(run: TaskRun) -> list[str]:
    """Messages and answers given while planning, which are also passed to execution."""
    return [_told(message) for message in _while_planning(run).order_by("number")]


def _while_planning(run: TaskRun) -> QuerySet[SteerMessage]:
    found: QuerySet[SteerMessage] = SteerMessage.objects.for_workspace(run.workspace_id).filter(
        run=run, step_key__startswith="plan/"
    )
    return found


def _told(message: SteerMessage) -> str:
    return f"Asked: {message.answers}\nAnswered: {message.text}" if message.answers else message.text
