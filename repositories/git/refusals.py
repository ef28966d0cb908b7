"""Explains to people why a push was refused.

GitHub's messages: https://docs.github.com/en/repositories/creating-and-managing-repositories/troubleshooting-repository-rules
"""

from __future__ import annotations

import re

from mgx_project.common.errors import MGXError

from ..errors import GitCommandFailed
from .local_repositories import is_changed, is_checked_out
from .remote import Address, explain

PROTECTED = re.compile(r"\bGH006\b|protected branch|pre-receive hook declined.{0,200}protected", re.IGNORECASE)
RULES = re.compile(r"\bGH013\b|repository rule violations", re.IGNORECASE)
REJECTED = re.compile(r"!\s*\[remote rejected\].*", re.IGNORECASE)
BLOCKED = re.compile(
    r"cannot lock ref '[^']{1,300}': '(?:refs/heads/)?([^']{1,300})' exists|directory file conflict", re.IGNORECASE
)
CHECKED_OUT = re.compile(
    r"branch is currently checked out|Working directory has (?:un)?staged changes|Could not update working tree", re.IGNORECASE
)
"""Git's receive-pack, of a local repository: https://git-scm.com/docs/git-config (receive.denyCurrentBranch)"""
MAX_WORDS = 500


def push_failure(error: GitCommandFailed, where: Address, branch: str) -> MGXError:
    """``branch_protected``, ``branch_taken`` or ``push_refused`` if the server rejected the push; otherwise the result of
    `explain`."""
    words = error.stderr
    if PROTECTED.search(words) or RULES.search(words):
        return GitCommandFailed(
            f"{where.url} does not allow pushing to {branch}: {_said(words)}",
            stderr=words,
            code="branch_protected",
            hint="Allow the token to push branches of the project's prefix (branch protection, rulesets). Then retry the run.",
        )
    if found := BLOCKED.search(words):
        return branch_blocked(branch, found[1] or "", where.url, stderr=words)
    if where.path is not None and CHECKED_OUT.search(words):
        refused = is_changed if "changes" in words else is_checked_out
        return refused(branch, where.path)
    if REJECTED.search(words):
        return GitCommandFailed(
            f"{where.url} rejected the push to {branch}: {_said(words)}",
            stderr=words,
            code="push_refused",
            hint="The message states the reason. The change is kept in the run's artifacts. Retry when it is resolved.",
        )
    return explain(error, where)


def branch_blocked(branch: str, other: str, url: str, *, stderr: str = "") -> GitCommandFailed:
    """For a branch that can't be made beside the branch ``other`` (`branch_clashes`)."""
    return GitCommandFailed(
        f"The branch {branch} can't be made on {url}: {f'the branch {other}' if other else 'a branch of another name'} "
        "stands in its way.",
        stderr=stderr,
        code="branch_taken",
        hint="Choose another prefix for runs' branches (mgx project update PROJECT --branch-prefix TEXT), then retry the run.",
    )


def _said(words: str) -> str:
    """The server's own message, and git's reason for the rejection."""
    lines = [line.strip() for line in words.splitlines()]
    told = [line.removeprefix("remote:").removeprefix("error:").strip() for line in lines if line.startswith("remote:")]
    reasons = [found[0] for line in lines if (found := REJECTED.search(line))]
    kept = [line.removeprefix("error:").strip() for line in told if line.strip(" -=*")] or reasons
    return " ".join(kept)[:MAX_WORDS] or "no reason was given."
