"""What stands of a run, for a person who decides second: who decided, what and when, as a sentence and as fields.

The events say it (`runs.events`): they are written with the state that they describe, and name accounts of a hosting service
too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from mgx_project.common.errors import MGXError
from workspaces.models import Event

from ..models import TaskRun
from ..models.run_state import STATES, RunOutcome, with_outcome

ENDS = tuple(STATES[status].end_event for status in sorted(with_outcome(RunOutcome.STOPPED)))
PLAN = ("approved", *ENDS)
EDITS = ("plan_edited", *PLAN)
CHANGES = ("changes_decided", *ENDS)
PAUSE = ("resumed", *ENDS)
"""Types of the events that a decision of each kind is compared with."""
Refusal = TypeVar("Refusal", bound=MGXError)
MAX_SAID = 500
"""Characters of a person's words in the sentence; the fields have at most those of the event."""


@dataclass(frozen=True)
class StandingDecision:
    """``message`` is one line for people, ``feedback`` the person's own words. ``seq`` is None before its event is written."""

    type: str
    by: str
    at: datetime
    message: str
    feedback: str = ""
    plan_version: int | None = None
    round: int | None = None
    seq: int | None = None

    def sentence(self) -> str:
        words = "" if not self.feedback or self.feedback in self.message else f" With the words: {_cut(self.feedback)}"
        return f"What stands since {self.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {_cut(self.message)}{words}"

    def to_json(self) -> dict[str, Any]:
        at = self.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        found = {"type": self.type, "by": self.by, "at": at, "message": self.message, "feedback": self.feedback}
        numbers = {"plan_version": self.plan_version, "round": self.round, "seq": self.seq}
        return found | {name: number for name, number in numbers.items() if number is not None}


def with_standing(error: Refusal, standing: StandingDecision | None) -> Refusal:
    """``error``, saying what stands; unchanged where nobody decided anything."""
    if standing is not None:
        error.detail = f"{error.detail} {standing.sentence()}"
        error.args = (error.detail,)
        error.members = {**error.members, "decision": standing.to_json()}
    return error


def latest(run: TaskRun, types: tuple[str, ...], **data: Any) -> StandingDecision | None:
    """The newest decision among ``types``; with ``data`` only one whose event has these values. Under the run's lock.

    A request to cancel that the run's worker has not carried out yet is one too.
    """
    if run.cancel_requested_at is not None and not run.is_final and "cancelled" in types:
        message = f"{run.cancelled_by} cancelled the run."
        return StandingDecision("cancelled", run.cancelled_by, run.cancel_requested_at, message)
    rows = Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk, type__in=types)
    event = rows.filter(**{f"data__{name}": value for name, value in data.items()}).order_by("-seq").first()
    return None if event is None else of_event(event)


def of_event(event: Event) -> StandingDecision:
    data = event.data
    return StandingDecision(
        type=event.type,
        by=str(data.get("by", "")),
        at=event.created_at,
        message=event.message,
        feedback=str(data.get("feedback") or data.get("message") or ""),
        plan_version=data.get("plan_version"),
        round=data.get("round"),
        seq=event.seq,
    )


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_SAID else f"{line[: MAX_SAID - 1]}…"
