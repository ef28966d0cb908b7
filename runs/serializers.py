"""Serializers of runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import settings
from rest_framework import serializers

from mgx_project.common.bounded import BoundedDictField
from mgx_project.common.row_serializers import RowSerializer

from .lifecycle.continuation import MAX_MESSAGE
from .lifecycle.messages import MAX_CHARACTERS
from .models import Artifact, TaskRun
from .models.run import PUSHED
from .models.run_state import STATES, RunAction, RunOutcome, RunPhase, RunState, Status, Tone

MAX_PLAN_BYTES = 256 * 1024


class UsageSerializer(serializers.Serializer[Any]):
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    calls = serializers.IntegerField()
    cached_calls = serializers.IntegerField(help_text="Calls answered from the workspace's cache, at no cost.")
    cost_usd = serializers.CharField(allow_null=True, help_text="Decimal. Null if the price of a model is unknown.")


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()
    hint = serializers.CharField()


class MessageSerializer(serializers.Serializer[Any]):
    """What the engineer said of the change; empty before it is finished."""

    summary = serializers.CharField(required=False)
    subject = serializers.CharField(required=False, help_text="As it was said: the commit may have a shorter one.")
    body = serializers.CharField(required=False)
    assumptions = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="What the task leaves open and was decided without asking."
    )


class StateSerializer(serializers.Serializer[Any]):
    """What the run's `status` means, so that a client needs no list of states of its own."""

    label = serializers.CharField()  # type: ignore[assignment]  # the answer has a field of this name
    tone = serializers.ChoiceField(list(Tone), help_text="For a colour.")
    phase = serializers.ChoiceField(list(RunPhase), allow_null=True, help_text="What a worker does, or will do; null: nothing.")
    final = serializers.BooleanField(help_text="The run never leaves this state.")
    outcome = serializers.ChoiceField(list(RunOutcome), allow_null=True, help_text="Of a run that has ended.")
    waits_for_person = serializers.BooleanField(help_text="Nothing happens until somebody takes one of `next_actions`.")
    next = serializers.CharField(help_text="What a person can do now, or else what happens: a sentence.")
    next_actions = serializers.ListField(
        child=serializers.ChoiceField(list(RunAction)), help_text="They let the run go on, or try again; the usual one first."
    )


def _described(status: str, state: RunState) -> dict[str, Any]:
    """In plain strings: orjson takes several times as long for members of an enumeration."""
    return {
        "label": str(Status(status).label),
        "tone": str(state.tone),
        "phase": state.phase and str(state.phase),
        "final": state.final,
        "outcome": state.outcome and str(state.outcome),
        "waits_for_person": state.waits_for_person,
        "next": state.next,
        "next_actions": [str(action) for action in state.next_actions],
    }


STATE_JSON = {str(status): _described(status, state) for status, state in STATES.items()}
"""Made once: a list of runs pays nothing for it but its bytes."""


WITHOUT_BRANCH = {
    status: _described(
        status, replace(state, next_actions=tuple(each for each in state.next_actions if each is not RunAction.CONTINUE))
    )
    for status, state in STATES.items()
}
"""The same for a run whose work is on no branch."""


class RunRow(RowSerializer):
    task_name = serializers.CharField(source="task.name", read_only=True)
    repository_id = serializers.UUIDField(source="task.repository_id", allow_null=True, read_only=True)
    # no `allow_null`: null is one of the values that it may have, and OpenAPI would name it beside "anything", so twice
    plan = serializers.JSONField(required=False)
    message = MessageSerializer()
    usage = UsageSerializer()
    error = ErrorSerializer(allow_null=True)
    state = StateSerializer()
    duration = serializers.FloatField(allow_null=True, help_text="Seconds from start to end; null until then.")
    links = serializers.DictField(child=serializers.CharField())

    computed = ("state", "duration", "links")
    heavy = ("plan", "results", "message", "error")

    class Meta:
        model = TaskRun
        fields = (
            "id", "workspace_id", "project_id", "task_id", "task_name", "repository_id", "parent_run_id", "run_number",
            "status", "state", "plan", "plan_version", "auto_approve", "model", "budget", "profile", "stack",
            "stack_confidence", "complexity", "results", "message", "usage", "base_sha", "base_branch", "branch_name",
            "commit_sha", "pr_url", "git_status", "created_at", "started_at", "completed_at", "duration", "error",
            "pause_reason", "last_seq", "links",
        )  # fmt: skip

    @classmethod
    def shape(cls, row: dict[str, Any]) -> dict[str, Any]:
        row["state"] = (STATE_JSON if row["git_status"] in PUSHED else WITHOUT_BRANCH)[row["status"]]
        started, ended = row["started_at"], row["completed_at"]
        row["duration"] = (ended - started).total_seconds() if started and ended else None
        row["usage"] = {"tokens_in": 0, "tokens_out": 0, "calls": 0, "cached_calls": 0, "cost_usd": "0"} | row["usage"]
        base = f"{settings.MGX_BASE_URL}/api/runs/{row['id']}"
        row["links"] = {"self": base} | {
            name: f"{base}/{name}" for name in ("events", "logs", "artifacts", "diff", "changes", "timing")
        }
        row["links"]["stream"] = f"{base.replace('http', 'ws', 1).replace('/api/', '/ws/', 1)}"
        return row


class ArtifactRow(RowSerializer):
    class Meta:
        model = Artifact
        fields = ("id", "run_id", "name", "kind", "content_type", "size", "sha256", "created_at")


class WorkSeconds(serializers.Serializer[Any]):
    wall_seconds = serializers.FloatField()
    model_seconds = serializers.FloatField(help_text="Time in model calls, including waits for budget and rate limits.")
    sandbox_seconds = serializers.FloatField(help_text="Time in commands and formatters without a model call.")
    own_seconds = serializers.FloatField(help_text="Other time in which a worker had the run.")


class PhaseSerializer(WorkSeconds):
    phase = serializers.CharField(help_text="plan, execute or deliver. One entry for each time that a worker claimed the run.")
    started_at = serializers.DateTimeField()


class StepSerializer(WorkSeconds):
    key = serializers.CharField(help_text="Key in the journal. Calls of a tool loop count towards the step that made them.")
    attempts = serializers.IntegerField(help_text="More than 1 if a worker stopped in the middle of the step.")
    started_at = serializers.DateTimeField()


class ProfileSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Id of the artifact.")
    name = serializers.CharField()
    size = serializers.IntegerField()


class TimingSerializer(WorkSeconds):
    """`wall_seconds` is from creation to the end, or to now: model + sandbox + own + waiting."""

    waiting_seconds = serializers.FloatField(help_text="Time waiting for a worker or a person, or paused.")
    phases = PhaseSerializer(many=True)
    steps = StepSerializer(many=True)
    profiles = ProfileSerializer(many=True)


class BudgetInput(serializers.Serializer[Any]):
    max_tokens = serializers.IntegerField(min_value=1, max_value=10**15, required=False)
    max_calls = serializers.IntegerField(min_value=1, max_value=10**9, required=False)
    max_cost_usd = serializers.DecimalField(max_digits=14, decimal_places=6, min_value=0, required=False)
    max_seconds = serializers.IntegerField(
        min_value=1, max_value=10**9, required=False, help_text="Seconds of work. Waiting for people does not count."
    )


class RunInput(serializers.Serializer[Any]):
    task_id = serializers.UUIDField()
    auto_approve = serializers.BooleanField(default=False, help_text="Requires the permission to approve plans.")
    model = serializers.CharField(max_length=200, default="", allow_blank=True, help_text="Name of a model connection.")
    budget = BudgetInput(required=False)
    profile = serializers.BooleanField(
        default=False, help_text="Profile the run. Flame graphs are stored as artifacts of the kind `profile`."
    )


class PlanInput(serializers.Serializer[Any]):
    plan = BoundedDictField(
        max_bytes=MAX_PLAN_BYTES, help_text="The whole plan: summary, steps[], risks[], test_strategy, questions[], estimate."
    )


class DecisionInput(serializers.Serializer[Any]):
    approved = serializers.BooleanField()
    feedback = serializers.CharField(
        max_length=10_000,
        default="",
        allow_blank=True,
        help_text="With a rejection: the plan is drafted again with this feedback. With an approval: a message to the team.",
    )
    plan = BoundedDictField(max_bytes=MAX_PLAN_BYTES, required=False, help_text="An edited plan to approve instead.")
    plan_version = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, help_text="The version decided on. 409 if it is not the current one."
    )


class BudgetChanges(BudgetInput):
    """Changes of the run's own budget; null removes a cap."""

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in fields.values():
            field.allow_null = True
        return fields


class SteerInput(serializers.Serializer[Any]):
    message = serializers.CharField(max_length=MAX_CHARACTERS, help_text="The message, in your own words.")


class ResumeInput(serializers.Serializer[Any]):
    message = serializers.CharField(
        max_length=MAX_CHARACTERS,
        default="",
        allow_blank=True,
        help_text="A message to the team. Required as the answer if the run paused over a question.",
    )
    budget = BudgetChanges(required=False, help_text="New caps for the run. Requires the role admin.")
    plan_again = serializers.BooleanField(
        default=False,
        help_text="Plan again from what is done so far. For a run that paused with the reason `version`: an earlier version of "
        "the server has recorded it, and it can't be continued as it is.",
    )


class HunkRow(serializers.Serializer[Any]):
    hunk = serializers.IntegerField(help_text="Number of the hunk in the file, from 0.")
    header = serializers.CharField(help_text="As in a unified diff.")
    lines = serializers.ListField(
        child=serializers.CharField(), help_text="Lines, each starting with a space, a minus or a plus."
    )
    truncated = serializers.BooleanField(help_text="True if the lines are left out. Read the single file or the diff instead.")
    state = serializers.ChoiceField(["pending", "accepted", "rejected"])
    comment = serializers.CharField()


class ChangedFileRow(serializers.Serializer[Any]):
    path = serializers.CharField()
    action = serializers.ChoiceField(["created", "modified", "deleted"])
    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    binary = serializers.BooleanField()
    test_configuration = serializers.BooleanField(help_text="Whether the file configures how tests are run.")
    state = serializers.ChoiceField(["pending", "accepted", "rejected", "mixed"])
    comment = serializers.CharField()
    hunks = HunkRow(many=True, help_text="Empty if only the whole file can be decided on.")


class ChangesRow(serializers.Serializer[Any]):
    run_id = serializers.UUIDField()
    status = serializers.CharField(help_text="Of the run.")
    state = StateSerializer(help_text="State of the run. Decisions are accepted while its `next_actions` contain `changes`.")
    round = serializers.IntegerField(help_text="Send it with decisions: 409 if the changes were replaced in the meantime.")
    undecided = serializers.IntegerField(help_text="Number of undecided hunks, and files without hunks.")
    files = ChangedFileRow(many=True)


class ChangedFileAnswer(ChangedFileRow):
    round = serializers.IntegerField()


class PartInput(serializers.Serializer[Any]):
    path = serializers.CharField(max_length=4_096, trim_whitespace=False)
    hunk = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, allow_null=True, help_text="Default: the whole file."
    )
    accepted = serializers.BooleanField()
    comment = serializers.CharField(
        max_length=MAX_CHARACTERS, default="", allow_blank=True, help_text="What to do instead. Only with a rejection."
    )


class ClosingInput(serializers.Serializer[Any]):
    round = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, help_text="The round decided on. 409 if it is not the current one."
    )
    accept_rest = serializers.BooleanField(default=False, help_text="With `done`: accept all undecided parts.")
    done = serializers.BooleanField(default=False, help_text="Everything is decided; the run continues.")


class ChangesInput(ClosingInput):
    decisions = serializers.ListField(child=PartInput(), required=False, max_length=5_000)
    comment = serializers.CharField(
        max_length=10_000, default="", allow_blank=True, help_text="With `done`: a message to the team about the whole change."
    )


class FileDecisionInput(ClosingInput):
    hunk = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, allow_null=True)
    accepted = serializers.BooleanField()
    comment = serializers.CharField(max_length=MAX_CHARACTERS, default="", allow_blank=True)


class FollowUpInput(serializers.Serializer[Any]):
    """What a run that comes after another one may have of its own."""

    auto_approve = serializers.BooleanField(default=False, help_text="Requires the permission to approve plans.")
    model = serializers.CharField(
        max_length=200, default="", allow_blank=True, help_text="Name of a model connection. Default: the model of that run."
    )


class RetryInput(FollowUpInput):
    message = serializers.CharField(
        max_length=MAX_CHARACTERS, default="", allow_blank=True, help_text="Feedback for the plan, such as what to do instead."
    )


class ContinueInput(FollowUpInput):
    message = serializers.CharField(max_length=MAX_MESSAGE, help_text="What should change, in your own words.")
    budget = BudgetInput(required=False, help_text="Caps that replace those of that run.")


class NoInput(serializers.Serializer[Any]):
    """Takes no fields."""


class EventSerializer(serializers.Serializer[Any]):
    """The envelope of the event stream."""

    id = serializers.IntegerField(help_text="Position in the workspace.")
    seq = serializers.IntegerField(help_text="Position in the run: 1..N without a gap.")
    type = serializers.CharField()
    timestamp = serializers.DateTimeField()
    workspace_id = serializers.UUIDField()
    project_id = serializers.UUIDField(allow_null=True)
    task_id = serializers.UUIDField(allow_null=True)
    run_id = serializers.UUIDField(allow_null=True)
    repository_id = serializers.UUIDField(allow_null=True)
    data = serializers.DictField()  # type: ignore[assignment]  # the envelope has a field of this name
    message = serializers.CharField(allow_blank=True)
