"""Pull requests that were merged or closed: no work is begun on them, and who asked for some is told what to do instead."""

from __future__ import annotations

from mgx_project.common.errors import InvalidTransition
from repositories.hosting.base import HostedPullRequest
from tasks.models import Task


def require_open(pull: HostedPullRequest, task: Task) -> None:
    """Raises InvalidTransition for one that is not open."""
    if pull.state != "open":
        said, hint = refusal(pull, task)
        raise InvalidTransition(said, code=f"pull_request_{pull.state}", hint=hint)


def refusal(pull: HostedPullRequest, task: Task) -> tuple[str, str]:
    """What is said, and what to do instead."""
    issue = task.issue_number
    if pull.state == "merged":
        there = f", or comment `/mgx continue` and what should change on issue #{issue}" if issue else ""
        return f"Pull request #{pull.number} was merged, so nothing more is done on it.", f"Open an issue for more work{there}."
    there = f", or comment `/mgx plan` on issue #{issue} for a new pull request" if issue else ""
    return f"Pull request #{pull.number} is closed, so nothing is done on it.", f"Reopen it and ask again{there}."
