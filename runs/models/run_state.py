"""The meaning of every run state, in one table: a new state is a member of `Status` and a row of `STATES`.

Code that depends on a state uses its row here and has no list of states of its own (`tests/contract/test_run_states.py`).
The clients get it with the run (`runs.serializers.StateSerializer`). `runs.lifecycle` has the functions that change a state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.db import models

from tasks.models import Task


class Status(models.TextChoices):
    """The stored names of the states, each with its label. A change of them needs a migration."""

    QUEUED = "queued", "Queued"
    PLANNING = "planning", "Planning"
    AWAITING_APPROVAL = "awaiting_approval", "Awaiting Approval"
    APPROVED = "approved", "Approved"
    EXECUTING = "executing", "Executing"
    AWAITING_CHANGES = "awaiting_changes", "Awaiting Changes"
    DELIVERING = "delivering", "Delivering"
    PAUSED = "paused", "Paused"
    COMPLETED = "completed", "Completed"
    REJECTED = "rejected", "Rejected"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"


class RunPhase(StrEnum):
    """The work that a worker does after claiming a run (`runs.phases`)."""

    PLAN = "plan"
    EXECUTE = "execute"
    DELIVER = "deliver"


class Milestone(StrEnum):
    """The progress of a run without incidents, as the status comment shows it."""

    QUEUED = "queued"
    PLANNING = "planning"
    APPROVAL = "approval"
    EXECUTING = "executing"
    DELIVERING = "delivering"
    DONE = "done"


class Tone(StrEnum):
    """The look of a state's label; each client has its own colours for them."""

    IDLE = "idle"
    BUSY = "busy"
    WARN = "warn"
    GOOD = "good"
    BAD = "bad"


class RunOutcome(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    """A person rejected or cancelled it."""


class RunAction(StrEnum):
    """An action of a person on a run: a button of its page, and the command of the CLI with this name."""

    APPROVE = "approve"
    REJECT = "reject"
    CHANGES = "changes"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"
    CONTINUE = "continue"


@dataclass(frozen=True, kw_only=True)
class RunState:
    tone: Tone
    task: Task.Status
    """The task's status while its latest run is in this state."""
    next: str
    """A sentence: what a person can do now, or what is happening."""
    comment: str
    """The text after “Run #3” in the status comment on an issue or a pull request. Placeholders: ``{reason}`` of the pause,
    ``{error}``, ``{answer}`` (how to resume), ``{result}`` (where the change is), ``{page}`` (of the run)."""
    phase: RunPhase | None = None
    """The work for a worker; None if there is none."""
    claimed_as: Status | None = None
    """The state after a claim, if it differs."""
    leads_to: frozenset[Status] = frozenset()
    """The possible next states, in addition to those in which any run can end (`ALWAYS_POSSIBLE`)."""
    outcome: RunOutcome | None = None
    """How the run ended. A state with an outcome is final."""
    end_event: str = ""
    """The type of the event that every run writes last on entering it; "" for a state that is not final."""
    next_actions: tuple[RunAction, ...] = ()
    """The actions with which a person continues or retries the run, the usual one first. A state that has some and is not final
    waits for a person."""
    milestone: Milestone | None = None
    """None if the run ended before its last milestone, or if its position is unknown."""
    notice: str = ""
    """The prefix of the key of a separate comment, since edits do not notify people; "" for a state that needs none."""
    refuses_messages: str = ""
    """Why the team can't receive messages in this state, and what to do instead. Every final state refuses them."""

    @property
    def final(self) -> bool:
        return self.outcome is not None

    @property
    def claimable(self) -> bool:
        return self.phase is not None

    @property
    def waits_for_person(self) -> bool:
        return not self.final and bool(self.next_actions)

    @property
    def actions(self) -> frozenset[RunAction]:
        """All possible actions: a run that has ended can be retried and, if it left a branch, continued; any other one can be
        cancelled."""
        return frozenset({*self.next_actions, *((RunAction.RETRY, RunAction.CONTINUE) if self.final else (RunAction.CANCEL,))})

    @property
    def successors(self) -> frozenset[Status]:
        return frozenset() if self.final else self.leads_to | ALWAYS_POSSIBLE


S = Status
ALWAYS_POSSIBLE = frozenset({S.CANCELLED, S.FAILED})
"""A run that has not ended can be cancelled and can fail, wherever it is."""

STATES: Mapping[str, RunState] = {
    S.QUEUED: RunState(
        tone=Tone.IDLE,
        task=Task.Status.RUNNING,
        phase=RunPhase.PLAN,
        claimed_as=S.PLANNING,
        leads_to=frozenset({S.PLANNING}),
        next="Waiting for a worker.",
        milestone=Milestone.QUEUED,
        comment="is waiting for a worker.",
    ),
    S.PLANNING: RunState(
        tone=Tone.BUSY,
        task=Task.Status.RUNNING,
        phase=RunPhase.PLAN,
        leads_to=frozenset({S.AWAITING_APPROVAL, S.PAUSED}),
        next="The team is drafting the plan.",
        milestone=Milestone.PLANNING,
        comment="is planning.",
    ),
    S.AWAITING_APPROVAL: RunState(
        tone=Tone.WARN,
        task=Task.Status.WAITING,
        leads_to=frozenset({S.APPROVED, S.PLANNING, S.REJECTED}),
        next="Read the plan, then approve or reject it.",
        next_actions=(RunAction.APPROVE, RunAction.REJECT),
        refuses_messages="its plan is awaiting a decision. Approve or reject the plan with your message as feedback.",
        milestone=Milestone.APPROVAL,
        comment="has a plan awaiting approval. Reply with `/mgx approve`, or `/mgx reject` and what should be different.",
        notice="plan",
    ),
    S.APPROVED: RunState(
        tone=Tone.IDLE,
        task=Task.Status.RUNNING,
        phase=RunPhase.EXECUTE,
        claimed_as=S.EXECUTING,
        leads_to=frozenset({S.EXECUTING}),
        next="The plan is approved. The team is about to start.",
        milestone=Milestone.EXECUTING,
        comment="is in progress.",
    ),
    S.EXECUTING: RunState(
        tone=Tone.BUSY,
        task=Task.Status.RUNNING,
        phase=RunPhase.EXECUTE,
        leads_to=frozenset({S.AWAITING_CHANGES, S.DELIVERING, S.PAUSED}),
        next="The team is writing and testing the change.",
        milestone=Milestone.EXECUTING,
        comment="is in progress.",
    ),
    S.AWAITING_CHANGES: RunState(
        tone=Tone.WARN,
        task=Task.Status.WAITING,
        leads_to=frozenset({S.DELIVERING, S.EXECUTING, S.REJECTED}),
        next="Review the files, then decide on the changes.",
        next_actions=(RunAction.CHANGES,),
        refuses_messages="its changes are awaiting a decision. Send your message as a comment with the decision.",
        milestone=Milestone.EXECUTING,
        comment="is waiting for a decision on its changes. Decide on [the page of the run]({page}).",
        notice="changes",
    ),
    S.DELIVERING: RunState(
        tone=Tone.BUSY,
        task=Task.Status.RUNNING,
        phase=RunPhase.DELIVER,
        leads_to=frozenset({S.COMPLETED, S.PAUSED}),
        next="The change is being committed and pushed.",
        refuses_messages="its work is finished. Retry the run, or create a new task.",
        milestone=Milestone.DELIVERING,
        comment="is delivering.",
    ),
    S.PAUSED: RunState(
        tone=Tone.WARN,
        task=Task.Status.WAITING,
        leads_to=frozenset({S.PLANNING, S.EXECUTING, S.DELIVERING}),
        next="Resume to continue.",
        next_actions=(RunAction.RESUME,),
        comment="is paused ({reason}): {error} To continue, reply with {answer}.",
        notice="paused",
    ),
    S.COMPLETED: RunState(
        tone=Tone.GOOD,
        task=Task.Status.COMPLETED,
        outcome=RunOutcome.SUCCEEDED,
        end_event="completion",
        next="Review the change.",
        next_actions=(RunAction.CONTINUE,),
        milestone=Milestone.DONE,
        comment="is done: {result}",
        notice="done",
    ),
    S.REJECTED: RunState(
        tone=Tone.WARN,
        task=Task.Status.CANCELLED,
        outcome=RunOutcome.STOPPED,
        end_event="rejected",
        next="Retry starts a new run.",
        next_actions=(RunAction.RETRY,),
        comment="was rejected. To start a new run, reply with `/mgx plan`.",
    ),
    S.CANCELLED: RunState(
        tone=Tone.WARN,
        task=Task.Status.CANCELLED,
        outcome=RunOutcome.STOPPED,
        end_event="cancelled",
        next="Retry starts a new run.",
        next_actions=(RunAction.RETRY,),
        comment="was cancelled. To start a new run, reply with `/mgx retry`.",
    ),
    S.FAILED: RunState(
        tone=Tone.BAD,
        task=Task.Status.FAILED,
        outcome=RunOutcome.FAILED,
        end_event="failure",
        next="Retry starts a new run.",
        next_actions=(RunAction.RETRY,),
        comment="failed: {error} To start a new run, reply with `/mgx retry`.",
        notice="failed",
    ),
}

FINAL = frozenset(status for status in Status if STATES[status].final)
CLAIMABLE = frozenset(status for status in Status if STATES[status].claimable)
WAITING_FOR_PEOPLE = frozenset(status for status in Status if STATES[status].waits_for_person)
IN_INBOX = WAITING_FOR_PEOPLE | {status for status in Status if STATES[status].outcome is RunOutcome.FAILED}


def in_phase(phase: RunPhase) -> frozenset[Status]:
    return frozenset(status for status in Status if STATES[status].phase is phase)


def with_outcome(outcome: RunOutcome) -> frozenset[Status]:
    return frozenset(status for status in Status if STATES[status].outcome is outcome)
