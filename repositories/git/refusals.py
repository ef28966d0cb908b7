"""What it means for people that a push was refused.

Words of GitHub: https://docs.github.com/en/repositories/creating-and-managing-repositories/troubleshooting-repository-rules
"""

from __future__ import annotations

import re

from mgx_project.common.errors import MGXError

from ..errors import GitCommandFailed
from .remote import Address, explain

PROTECTED = re.compile(r"\bGH006\b|protected branch|pre-receive hook declined.{0,200}protected", re.IGNORECASE)
RULES = re.compile(r"\bGH013\b|repository rule violations", re.IGNORECASE)
REJECTED = re.compile(r"!\s*\[remote rejected\].*", re.IGNORECASE)
MAX_WORDS = 500


def push_failure(error: GitCommandFailed, where: Address, branch: str) -> MGXError:
    """``branch_protected`` and ``push_refused`` where the server took the push and said no; else what `explain` says."""
    words = error.stderr
    if PROTECTED.search(words) or RULES.search(words):
        return GitCommandFailed(
            f"{where.url} does not let us push to {branch}: {_said(words)}",
            stderr=words,
            code="branch_protected",
            hint="Let the token push to branches of the project's prefix (branch protection, rulesets), then retry the run.",
        )
    if REJECTED.search(words):
        return GitCommandFailed(
            f"{where.url} refused the push to {branch}: {_said(words)}",
            stderr=words,
            code="push_refused",
            hint="The service's own words say why; the change is kept in the run's artifacts. Retry when it is settled.",
        )
    return explain(error, where)


def _said(words: str) -> str:
    """What the server said itself, and why git says it was rejected."""
    lines = [line.strip() for line in words.splitlines()]
    told = [line.removeprefix("remote:").removeprefix("error:").strip() for line in lines if line.startswith("remote:")]
    reasons = [found[0] for line in lines if (found := REJECTED.search(line))]
    kept = [line.removeprefix("error:").strip() for line in told if line.strip(" -=*")] or reasons
    return " ".join(kept)[:MAX_WORDS] or "it gave no reason."
