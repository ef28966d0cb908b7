"""A run is analysed and planned, and people decide on the plan."""

from __future__ import annotations

from workspaces.event_registry import EventData, register


@register("source_ready")
class SourceReady(EventData):
    """What the run begins with. ``submodules`` are paths that stay empty, ``lfs_files`` those that stay pointers (at most 200
    each). ``shallow``: older history is not here. ``base_sha`` is empty for a repository without a commit."""

    repo_full_name: str
    base_branch: str
    base_sha: str
    submodules: list[str] = []
    lfs_files: list[str] = []
    shallow: bool = False


@register("analysis_start")
class AnalysisStart(EventData):
    files_considered: int | None = None


@register("analysis_done")
class AnalysisDone(EventData):
    complexity: str
    stack: str
    stack_confidence: float
    files_considered: int


class PlanStep(EventData):
    title: str
    files: list[str] = []
    kind: str = "change"
    why: str = ""


class Estimate(EventData):
    """The estimate for executing the plan. ``basis``: whether it comes from earlier runs of the workspace or is a guess."""

    tokens: int | None = None
    cost_usd: str | None = None
    seconds: int | None = None
    basis: str = ""


class PlannedCommand(EventData):
    """A command of the project: ``kind`` is install, test, test_one, lint, format or build; ``evidence`` says where it stands.
    A person may change ``command``; it is run in ``directory``. ``shared``: projects of other languages are there too."""

    directory: str = ""
    ecosystem: str = ""
    kind: str
    command: str
    evidence: str = ""
    shared: bool = False


class ProjectFacts(EventData):
    """What the repository is, in lines for people, and the commands by which a change to it is proved."""

    facts: list[str] = []
    commands: list[PlannedCommand] = []


class Plan(EventData):
    """``questions`` are open questions that a person may answer with the decision; the plan is valid without answers."""

    summary: str
    steps: list[PlanStep]
    risks: list[str] = []
    test_strategy: str = ""
    questions: list[str] = []
    estimate: Estimate = Estimate()
    project: ProjectFacts = ProjectFacts()


@register("plan_ready", "approval_required")
class PlanReady(EventData):
    plan: Plan
    plan_version: int
    expires_at: str | None = None


@register("approved", "rejected")
class Decision(EventData):
    by: str
    feedback: str = ""
    plan_version: int | None = None
    automatic: bool = False


@register("plan_edited")
class PlanEdited(EventData):
    by: str
    plan: Plan
    plan_version: int
