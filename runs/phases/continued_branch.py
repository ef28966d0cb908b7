"""Where a run that a person asked for goes on: on the branch of the finished run, or on a new one where that was merged."""

from __future__ import annotations

import asyncio

from agent.ports import JSONObject
from mgx_project.common.errors import MGXError
from repositories.checkout_source import Origin
from repositories.errors import GitCommandFailed

from ..commits import until_committed
from ..lifecycle import worker_transitions
from ..lifecycle.revisions import CONTINUE
from ..models import TaskRun
from ..worker.execution import Execution
from .target_branch import TRANSIENT_CODES


async def settle_branch(work: Execution, origin: Origin) -> None:
    """Asks, once for the whole run, what became of the pull request that it continues. After a merge the run gets a new branch.

    Raises GitCommandFailed('pull_request_closed') for one that was closed: nobody wants more commits there. What can't be read
    counts as open: the push finds out.
    """
    run, host = work.run, origin.host
    asked = run.revision or {}
    number = asked.get("thread")  # the run's own number may be another one by the time that its delivery is replayed
    if host is None or not number or asked.get("kind") != CONTINUE:
        return

    async def look() -> JSONObject:
        try:
            found = await asyncio.to_thread(host.pull_request, number)
        except MGXError as error:
            if error.code in TRANSIENT_CODES:
                raise
            return {"state": "unknown"}
        if found.state == "closed":
            raise GitCommandFailed(
                f"Pull request #{number} was closed without a merge, so the run does not go on in it.",
                code="pull_request_closed",
                hint="Reopen it and continue again. For a new pull request, retry the run that this one was to continue.",
            )
        return {"state": found.state}

    found = await work.journal_without_trees().step("source/pull_request", "read", {"number": number}, look)
    if found["state"] == "merged" and run.continues_branch:
        await work.db(until_committed, worker_transitions.take_new_branch, run, work.lease.fence)


def branch_gone(run: TaskRun, origin: Origin) -> GitCommandFailed:
    return GitCommandFailed(
        f"The branch {run.branch_name} is no longer in {origin.name}, so there is nothing to go on from.",
        code="branch_gone",
        hint="If it was merged, create a new task for what is missing. To have it done anew, retry the run before this one.",
    )


def merged_note(run: TaskRun, base_branch: str) -> str:
    """A sentence on why a run that was to continue a branch has a new one; "" if it has not."""
    asked = run.revision or {}
    if not asked.get("new_branch"):
        return ""
    return f"Pull request #{asked['thread']} was merged: this run works on a new branch on top of {base_branch}."
