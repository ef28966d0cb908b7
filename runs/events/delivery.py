"""What a run delivers: branch, commit, push and pull request."""

from __future__ import annotations

from workspaces.event_registry import EventData, register


@register("branch_created")
class BranchCreated(EventData):
    branch_name: str
    base_branch: str
    repo_full_name: str


@register("rebased")
class Rebased(EventData):
    """The work that began on ``from_sha`` was moved onto ``onto_sha``, the present head of ``branch_name``."""

    from_sha: str
    onto_sha: str
    branch_name: str


@register("commit_created")
class CommitCreated(EventData):
    commit_sha: str
    message: str
    branch_name: str


@register("branch_moved")
class BranchMoved(EventData):
    """``by`` is the account that pushed ``commit_sha`` while the run was working."""

    branch_name: str
    commit_sha: str
    by: str


@register("push_succeeded")
class Pushed(EventData):
    branch_name: str
    commit_sha: str
    repo_full_name: str


@register("push_failed", "git_operation_failed")
class GitFailed(EventData):
    error: str


@register("pr_opened", "pr_updated")
class PullRequest(EventData):
    pr_url: str
    pr_number: int
    branch_name: str
    base_branch: str
    repo_full_name: str
    draft: bool = False
