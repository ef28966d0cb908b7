"""The target branch of a run: a new one, or that of the pull request it continues, and the current state of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agent.errors import Paused
from agent.ports import Journal, JSONObject
from mgx_project.common.errors import MGXError
from repositories.checkout_source import Origin
from repositories.errors import GitCommandFailed
from repositories.git.checkout import Checkout

from ..models import TaskRun
from ..worker.execution import Execution
from .branch_names import candidates, choose
from .commit import branch_name
from .commit_message import RUN_TRAILER

TRANSIENT_CODES = frozenset(("host_rate_limited", "host_unavailable", "unreachable", "git_timeout"))
"""Error codes of transient failures."""


@dataclass(frozen=True)
class Target:
    """``branch`` is pushed to, and was at ``at`` ("" where it is not there yet); ``base_branch`` is what a pull request of it
    goes into. ``head`` is where the branch that the work began on is now, "" where it is gone or there never was one.
    ``number`` is the pull request that there is already, 0 for none. ``delivered`` is a commit of this very run that is on the
    branch already: the server was restored to a time before it, and what people have seen stays."""

    branch: str
    base_branch: str
    at: str
    head: str
    number: int = 0
    delivered: str = ""


async def target_of(work: Execution, journal: Journal, checkout: Checkout, origin: Origin) -> Target:
    """Looked up once for the whole run, when its delivery begins.

    Raises GitCommandFailed('branch_moved') where a pull request that the run should go on in has got somebody else's commits,
    Paused where waiting helps.
    """
    run = work.run
    base_branch = run.base_branch if run.continues_branch else checkout.base_branch
    if not origin.url:
        return Target(branch_name(run), base_branch, "", "")
    parent = None if run.continues_branch else await _open_parent(work, journal, origin, base_branch)
    own = parent.branch_name if parent is not None else branch_name(run)
    began_on = own if run.continues_branch else base_branch

    async def look() -> JSONObject:
        new = candidates(run) if parent is None and not run.continues_branch else []
        heads = await checkout.remote_heads(*dict.fromkeys((began_on, own)), wanted=new)
        at = heads.get(own, "")
        if parent is not None and at and at not in await work.db(_pushed, run, own):
            raise GitCommandFailed(
                f"The branch {own} of pull request #{parent.pr_number} is now at {at[:12]}, which was not pushed by a run.",
                code="branch_moved",
                hint="Nothing was overwritten. Request changes in the pull request, or close it and retry for a new one.",
            )
        found = {"head": heads.get(began_on, ""), "at": at}
        if branch := await _delivered(checkout, run, [name for name in new if name in heads], heads, found):
            return {**found, "branch": branch}
        return {**found, "branch": choose(run, {*heads, base_branch})} if new else found

    try:
        found = await journal.step("deliver/base", "read", {"branches": [began_on, own]}, look)
    except MGXError as error:
        raise as_retryable(error) from error
    if run.continues_branch:
        return Target(own, base_branch, found["head"] or checkout.base_sha, found["head"], run.pr_number or 0)
    if parent is not None:
        return Target(own, base_branch, found["at"], found["head"], parent.pr_number or 0)
    branch = found.get("branch") or _before(run, found)
    return Target(branch, base_branch, "", found["head"], delivered=found.get("delivered", ""))


async def _delivered(
    checkout: Checkout, run: TaskRun, there: Sequence[str], heads: Mapping[str, str], found: JSONObject
) -> str:
    """The branch that has a commit of this run, which is put into ``found``; "" if there is none."""
    for name in there:
        await checkout.fetch(heads[name], name)
        if sha := await checkout.newest_with(f"{RUN_TRAILER}: {run.pk}", heads[name]):
            found["delivered"] = sha
            return name
    return ""


def _before(run: TaskRun, found: JSONObject) -> str:
    """As a delivery that began before the branch was part of what is recorded chose it."""
    return branch_name(run, distinct=bool(found["at"]))


async def another_target(work: Execution, journal: Journal, checkout: Checkout, target: Target, tried: Sequence[str]) -> Target:
    """For a branch that somebody took between the look at the heads and the push: the next name that is free by now.

    Raises GitCommandFailed('branch_prefix_taken') if there is none.
    """

    async def look() -> JSONObject:
        heads = await checkout.remote_heads(wanted=candidates(work.run))
        return {"branch": choose(work.run, {*heads, target.base_branch}, tried=tried)}

    try:
        found = await journal.step(f"deliver/branch/{len(tried)}", "read", {"tried": list(tried)}, look)
    except MGXError as error:
        raise as_retryable(error) from error
    return replace(target, branch=found["branch"])


async def _open_parent(work: Execution, journal: Journal, origin: Origin, base_branch: str) -> TaskRun | None:
    """The run, of those that this one is a retry of, whose pull request is still open."""
    host, run = origin.host, work.run
    parent: TaskRun | None = await work.db(_with_pull_request, run)
    if host is None or parent is None or parent.repository_id != origin.link_id or parent.base_branch != base_branch:
        return None
    number = parent.pr_number or 0

    async def look() -> JSONObject:
        try:
            found = await asyncio.to_thread(host.pull_request, number)
        except MGXError as error:
            if error.code in TRANSIENT_CODES:
                raise
            return {"state": "unknown"}  # deleted, or not accessible with this token: a new pull request does no harm
        return {"state": found.state if found.branch == parent.branch_name else "unknown"}

    try:
        found = await journal.step("deliver/inherited", "read", {"number": number}, look)
    except MGXError as error:
        raise as_retryable(error) from error
    return parent if found["state"] == "open" else None


def as_retryable(error: MGXError) -> Exception:
    """The error, or a pause if waiting or another token helps: completed work is not repeated."""
    if error.code in TRANSIENT_CODES:
        return Paused("provider", error.detail, hint=f"{error.hint} Then resume the run.".strip())
    if error.code == "branch_checked_out":
        return Paused("provider", error.detail, hint=f"{error.hint} Then resume the run.")
    if error.code == "no_access":
        hint = "Give the link a token with this permission (`mgx repo link NAME --token-env VARIABLE`), then resume the run."
        return Paused("provider", error.detail, hint=hint)
    return error


def _with_pull_request(run: TaskRun) -> TaskRun | None:
    parent = run.parent_run
    while parent is not None and parent.pr_number is None:
        parent = parent.parent_run
    return parent


def _pushed(run: TaskRun, branch: str) -> set[str]:
    """Commits that runs of the repository made for ``branch``."""
    runs = TaskRun.objects.for_workspace(run.workspace_id).filter(task_id=run.task_id, branch_name=branch)
    return set(runs.exclude(commit_sha="").values_list("commit_sha", flat=True))
