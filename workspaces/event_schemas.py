"""Every event type, with a strict schema for its data: the single source for validation, JSON Schema and the docs.

CONTRACT's event table is this file in prose. A field that may be absent has a default here.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Data(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Empty(Data):
    pass


class RunQueued(Data):
    run_number: int
    auto_approve: bool = False
    parent_run_id: str | None = None


class AnalysisStart(Data):
    files_considered: int | None = None


class AnalysisDone(Data):
    complexity: str
    stack: str
    stack_confidence: float
    files_considered: int


class PlanStep(Data):
    title: str
    files: list[str] = []
    kind: str = "change"
    why: str = ""


class Estimate(Data):
    """The estimate for executing the plan. ``basis``: whether it comes from earlier runs of the workspace or is a guess."""

    tokens: int | None = None
    cost_usd: str | None = None
    seconds: int | None = None
    basis: str = ""


class Plan(Data):
    """``questions`` are open questions that a person may answer with the decision; the plan is valid without answers."""

    summary: str
    steps: list[PlanStep]
    risks: list[str] = []
    test_strategy: str = ""
    questions: list[str] = []
    estimate: Estimate = Estimate()


class PlanReady(Data):
    plan: Plan
    plan_version: int
    expires_at: str | None = None


class Decision(Data):
    by: str
    feedback: str = ""
    plan_version: int | None = None
    automatic: bool = False


class PlanEdited(Data):
    by: str
    plan: Plan
    plan_version: int


class Steered(Data):
    """``answers`` is the team's question that was answered, or ""."""

    by: str
    message: str
    answers: str = ""


class FileToDecide(Data):
    """``hunks`` counts those that can be decided on one by one; 0: only the whole file can. ``test_configuration``: the file
    is, or holds, what decides how tests are run."""

    path: str
    action: str
    added: int = 0
    removed: int = 0
    hunks: int = 0
    state: str
    test_configuration: bool = False


class ChangesReady(Data):
    """``more`` is the number of files that are not listed."""

    round: int
    files: list[FileToDecide]
    more: int = 0


class DecidedFile(Data):
    """``accepted`` and ``rejected`` count hunks; a file without hunks counts as one."""

    path: str
    state: str
    accepted: int = 0
    rejected: int = 0
    comments: list[str] = []


class ChangesDecided(Data):
    by: str
    round: int
    feedback: str = ""
    files: list[DecidedFile] = []
    more: int = 0


class Progress(Data):
    phase: str
    step: int
    total_steps: int
    percent: int


class RoleMessage(Data):
    role: str
    action: str


class ModelCall(Data):
    role: str
    action: str
    model: str
    tokens_in: int
    tokens_out: int
    cost_usd: str | None
    duration_ms: int
    cached: bool = False
    condensed: list[str] = []
    """What was left out of the prompt because it exceeded the model's context window."""


class ToolCalled(Data):
    """A role called a tool. ``arguments`` are shortened to about 200 characters."""

    role: str
    tool: str
    arguments: str
    ok: bool
    duration_ms: int


class ModelOutput(Data):
    role: str
    text: str


class Finding(Data):
    code: str
    message: str
    hint: str = ""
    path: str | None = None
    line: int | None = None


class Validation(Data):
    errors: list[Finding] = []
    warnings: list[Finding] = []
    round: int
    max_rounds: int


class RevisionStarted(Validation):
    reason: str = ""


class PatchedFile(Data):
    path: str
    action: str
    match_level: str | None = None
    added: int = 0
    removed: int = 0


class PatchApplied(Data):
    files: list[PatchedFile]


class PatchRefused(Data):
    reason: str
    hunks: list[dict[str, Any]] = []


class FilesFormatted(Data):
    tool: str
    files: list[str]
    unavailable: list[str] = []
    failed: list[str] = []


class CommandStarted(Data):
    argv: list[str]


class CommandFinished(Data):
    argv: list[str]
    exit_code: int
    duration_ms: int
    output_tail: str
    timed_out: bool = False
    available: bool = True


class TestCounts(Data):
    """``failing`` names the tests that failed, as far as their runner names them (at most 200)."""

    status: Literal["passed", "failed", "unavailable"]
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failing: list[str] = []


class FileCoverage(Data):
    """``uncovered`` holds ranges of lines [first, last]."""

    path: str
    percent: float | None = None
    uncovered: list[list[int]] = []


class LineCoverage(Data):
    """How many of the changed lines the tests execute. ``percent`` None: not measured, and ``reason`` says why."""

    percent: float | None = None
    covered: int = 0
    lines: int = 0
    files: list[FileCoverage] = []
    reason: str = ""


class TestsFinished(TestCounts):
    """``baseline`` is how the tests went before the change. The four lists name tests by comparison with it; ``gone`` are
    failing ones that the change took away. ``set_aside`` are files of the change that decide how tests are run: the plan does
    not name them, so the tests were run with what was there before."""

    baseline: TestCounts | None = None
    newly_failing: list[str] = []
    fixed: list[str] = []
    still_failing: list[str] = []
    gone: list[str] = []
    coverage: LineCoverage | None = None
    set_aside: list[str] = []
    seconds: float = 0.0
    output_tail: str = ""
    reason: str = ""


class ReviewFinished(Data):
    verdict: str
    comments: list[str] = []


class SourceReady(Data):
    """What the run begins with. ``submodules`` are paths that stay empty, ``lfs_files`` those that stay pointers (at most 200
    each). ``shallow``: older history is not here. ``base_sha`` is empty for a repository without a commit."""

    repo_full_name: str
    base_branch: str
    base_sha: str
    submodules: list[str] = []
    lfs_files: list[str] = []
    shallow: bool = False


class BranchCreated(Data):
    branch_name: str
    base_branch: str
    repo_full_name: str


class CommitCreated(Data):
    commit_sha: str
    message: str
    branch_name: str


class Pushed(Data):
    branch_name: str
    commit_sha: str
    repo_full_name: str


class Rebased(Data):
    """The work that began on ``from_sha`` was moved onto ``onto_sha``, the present head of ``branch_name``."""

    from_sha: str
    onto_sha: str
    branch_name: str


class BranchMoved(Data):
    """``by`` is the account that pushed ``commit_sha`` while the run was working."""

    branch_name: str
    commit_sha: str
    by: str


class PullRequest(Data):
    pr_url: str
    pr_number: int
    branch_name: str
    base_branch: str
    repo_full_name: str
    draft: bool = False


class GitFailed(Data):
    error: str


class Stopped(Data):
    """``reason`` is one of budget, loop, sandbox, provider, question, worker (two worker processes died in the same step)."""

    reason: str
    detail: str = ""
    hint: str = ""


class Resumed(Data):
    by: str
    fence: int | None = None


class Recovered(Data):
    by: str
    fence: int


class RunUsage(Data):
    tokens_in: int
    tokens_out: int
    calls: int
    cached_calls: int = 0
    cost_usd: str | None


class Completion(Data):
    results: dict[str, Any]
    git_metadata: dict[str, Any]
    usage: RunUsage


class ErrorDetail(Data):
    code: str
    detail: str
    hint: str = ""


class Failure(Data):
    error: ErrorDetail


class By(Data):
    by: str


class RepositoryChanged(Data):
    status: str
    repo_full_name: str
    error: str = ""


class MetricsUpdated(Data):
    counters: dict[str, float]


EVENTS: dict[str, type[Data]] = {
    "run_queued": RunQueued,
    "source_ready": SourceReady,
    "analysis_start": AnalysisStart,
    "analysis_done": AnalysisDone,
    "plan_ready": PlanReady,
    "approval_required": PlanReady,
    "approved": Decision,
    "rejected": Decision,
    "plan_edited": PlanEdited,
    "steered": Steered,
    "changes_ready": ChangesReady,
    "changes_decided": ChangesDecided,
    "progress": Progress,
    "role_message": RoleMessage,
    "model_call": ModelCall,
    "model_output": ModelOutput,
    "tool_called": ToolCalled,
    "validation_passed": Validation,
    "validation_failed": Validation,
    "revision_started": RevisionStarted,
    "patch_applied": PatchApplied,
    "patch_refused": PatchRefused,
    "files_formatted": FilesFormatted,
    "command_started": CommandStarted,
    "command_finished": CommandFinished,
    "tests_finished": TestsFinished,
    "review_finished": ReviewFinished,
    "branch_created": BranchCreated,
    "rebased": Rebased,
    "commit_created": CommitCreated,
    "branch_moved": BranchMoved,
    "push_succeeded": Pushed,
    "push_failed": GitFailed,
    "pr_opened": PullRequest,
    "pr_updated": PullRequest,
    "git_operation_failed": GitFailed,
    "paused": Stopped,
    "resumed": Resumed,
    "budget_warning": Stopped,
    "recovered": Recovered,
    "completion": Completion,
    "failure": Failure,
    "cancelled": By,
    "repository_changed": RepositoryChanged,
    "metrics_updated": MetricsUpdated,
}
"""Maps each event type to the schema of its data."""


def validated(event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    """The validated data, with defaults filled in. Raises pydantic.ValidationError or KeyError, each a bug on our side."""
    return EVENTS[event_type].model_validate(data).model_dump(mode="json")
