"""The third phase of a run: commit on a new branch, store the diff as an artifact, push the branch, and open a pull request.
Like the other phases it is journaled and can be replayed."""

from __future__ import annotations

from typing import Any

import structlog

from agent.errors import AgentError
from agent.ports import JSONObject, StepEvent
from mgx_project.common.errors import MGXError, NotFound
from repositories.checkout_source import Origin, publish
from repositories.errors import GitCommandFailed
from repositories.git.checkout import Checkout, Difference

from .. import artifacts
from ..lifecycle import worker_transitions
from ..models import Artifact, TaskRun
from ..models.run import GitStatus
from ..models.run_state import Status
from ..worker.execution import Execution, phase_of
from .commit import commit, load_delivery_settings
from .plan_and_execute import write_change
from .pull_request import open_pull_request
from .rebase import RebaseResult, rebase_onto_head
from .target_branch import Target, another_target, as_retryable, target_of
from .workdir import check_out, final_tree

log = structlog.stdlib.get_logger(__name__)
MAX_NAMES = 4
"""Names that a new branch is pushed under, one after the other."""


async def deliver(work: Execution) -> TaskRun:
    """Commits the result, pushes it and opens the pull request. Raises AgentError if no file changed."""
    checkout, origin = await check_out(work)
    tree = await _tree_of_change(work, checkout)
    made = await checkout.difference(tree)
    if not made.stat["files"]:
        raise AgentError(
            "The team's work did not change any file: there is nothing to commit.",
            hint="Describe more precisely what should change, and retry.",
            code="no_changes",
        )
    await _keep_diff(work, made)  # kept even if the push fails
    journal = work.journal(checkout)
    target = await target_of(work, journal, checkout, origin)
    await _name_branch(work, origin, target, git_status=GitStatus.BRANCH_CREATED)
    if target.delivered:
        tree = await checkout.tree_of(target.delivered)
        made = await checkout.difference(tree)
        await _keep_diff(work, made)
        stands = RebaseResult(tree, checkout.base_sha)
    else:
        stands = await rebase_onto_head(work, journal, checkout, tree, target)
    against = "" if stands.parent == checkout.base_sha else stands.parent
    delivery = await load_delivery_settings(work, journal, checkout.root)
    sha = await commit(
        work, journal, checkout, delivery,
        tree=stands.tree, parent=stands.parent, branch=target.branch, delivered=target.delivered,
    )  # fmt: skip
    if against:
        made = await checkout.difference(stands.tree, against=against)
        await _keep_diff(work, made)
    results: dict[str, Any] = {"diff_stat": made.stat, **stands.results}
    if origin.url:
        target = await _push(work, checkout, origin, target, sha)
        if path := await publish(origin, target.branch):
            results["path"] = str(path)
        draft = delivery.draft or not stands.proved
        results |= await open_pull_request(work, journal, origin, target, delivery, results, draft=draft)
    return await work.end(worker_transitions.complete, results=results)


async def _tree_of_change(work: Execution, checkout: Checkout) -> str:
    """That of executing, made again from the journal where the store lost or changed it."""
    try:
        return await final_tree(work, checkout)
    except NotFound as lost:
        log.warning("the tree of the change is damaged and is made again", detail=lost.detail)
    work.sink.enter(f"{Status.EXECUTING}/{work.run.plan_version}")  # its events are there already
    try:
        await write_change(work, checkout)
    finally:
        work.sink.enter(phase_of(work.run))
    return await final_tree(work, checkout)


async def _keep_diff(work: Execution, made: Difference) -> None:
    diff = made.patch.encode()
    await work.db(lambda: artifacts.store(work.run, "changes.diff", diff, kind=Artifact.Kind.DIFF, content_type="text/x-diff"))


async def _name_branch(work: Execution, origin: Origin, target: Target, **facts: str) -> None:
    facts |= {"branch_name": target.branch, "base_branch": target.base_branch}
    work.buffer.note(**facts)
    if not target.number and not target.at:
        data = {"branch_name": target.branch, "base_branch": target.base_branch, "repo_full_name": origin.name}
        await work.sink.emit("branch_created", data, f"Created branch {target.branch} from {target.base_branch}.")


async def _push(work: Execution, checkout: Checkout, origin: Origin, target: Target, sha: str) -> Target:
    """Pushes after checking: a branch that is already at this commit was pushed before a crash. A new branch whose name was
    taken since the heads were looked at gets another one. Returns the target that was pushed to."""
    tried: list[str] = []
    try:
        while not await _push_to(work, checkout, origin, target, sha, len(tried)):
            tried.append(target.branch)
            target = await another_target(work, work.journal(checkout), checkout, target, tried)
            await _name_branch(work, origin, target)
    except MGXError as error:
        work.buffer.note(git_status=GitStatus.FAILED)
        await work.sink.emit("push_failed", {"error": error.detail}, f"The push failed: {error.detail}")
        raise as_retryable(error) from error
    work.buffer.note(git_status=GitStatus.PUSHED)
    return target


async def _push_to(work: Execution, checkout: Checkout, origin: Origin, target: Target, sha: str, turn: int) -> bool:
    """Whether the branch is there now; False where a new one's name is taken, which is recorded: a replay goes the same way."""
    branch, may_change = target.branch, not target.number and turn < MAX_NAMES - 1

    async def push() -> JSONObject:
        try:
            if not target.delivered:
                await checkout.push(sha, branch, onto=target.at)
        except GitCommandFailed as error:
            if error.code != "branch_taken" or not may_change:
                raise
            return {"branch_name": branch, "taken": error.detail}
        return {"branch_name": branch, "commit_sha": sha}

    def pushed(result: JSONObject) -> StepEvent:
        if taken := result.get("taken"):
            return StepEvent("git_operation_failed", {"error": taken}, f"{taken} The branch gets another name.")
        return StepEvent("push_succeeded", {**result, "repo_full_name": origin.name}, f"Pushed {branch} to {origin.name}.")

    key = f"deliver/push/{turn}" if turn else "deliver/push"
    result = await work.journal(checkout).step(key, "git", {"sha": sha, "branch": branch}, push, announce=pushed)
    return "taken" not in result
