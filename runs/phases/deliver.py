"""The third phase of a run: commit on a new branch, store the diff as an artifact, push the branch, and open a pull request.
Like the other phases it is journaled and can be replayed."""

from __future__ import annotations

from typing import Any

from agent.errors import AgentError
from agent.ports import JSONObject, StepEvent
from mgx_project.common.errors import MGXError
from repositories.checkout_source import Origin, publish
from repositories.git.checkout import Checkout

from .. import artifacts
from ..lifecycle import worker_transitions
from ..models import Artifact
from ..models.run import GitStatus
from ..worker.execution import Execution
from .commit import commit, load_delivery_settings
from .pull_request import open_pull_request
from .rebase import rebase_onto_head
from .target_branch import Target, as_retryable, target_of
from .workdir import check_out, final_tree


async def deliver(work: Execution) -> None:
    """Commits the result, pushes it and opens the pull request. Raises AgentError if no file changed."""
    run = work.run
    checkout, origin = await check_out(work)
    tree = await final_tree(work, checkout)
    if not (await checkout.stat(tree))["files"]:
        raise AgentError(
            "The team's work did not change any file: there is nothing to commit.",
            hint="Describe more precisely what should change, and retry.",
            code="no_changes",
        )
    await _keep_diff(work, checkout, tree, "")  # kept even if the push fails
    journal = work.journal(checkout)
    target = await target_of(work, journal, checkout, origin)
    facts = {"branch_name": target.branch, "base_branch": target.base_branch, "git_status": GitStatus.BRANCH_CREATED}
    await work.db(worker_transitions.record_git_progress, run.pk, work.lease.fence, **facts)
    if not target.number:
        data = {"branch_name": target.branch, "base_branch": target.base_branch, "repo_full_name": origin.name}
        await work.sink.emit("branch_created", data, f"Created branch {target.branch} from {target.base_branch}.")

    stands = await rebase_onto_head(work, journal, checkout, tree, target)
    against = "" if stands.parent == checkout.base_sha else stands.parent
    delivery = await load_delivery_settings(work, journal)
    sha = await commit(work, journal, checkout, delivery, tree=stands.tree, parent=stands.parent, branch=target.branch)
    if against:
        await _keep_diff(work, checkout, stands.tree, against)
    results: dict[str, Any] = {"diff_stat": await checkout.stat(stands.tree, against=against), **stands.results}
    if origin.url:
        await _push(work, checkout, origin, target, sha)
        if path := await publish(origin, target.branch):
            results["path"] = str(path)
        draft = delivery.draft or not stands.proved
        results |= await open_pull_request(work, journal, origin, target, delivery, results, draft=draft)
    await work.sink.close()
    await work.db(worker_transitions.complete, run.pk, work.lease.fence, results=results)


async def _keep_diff(work: Execution, checkout: Checkout, tree: str, against: str) -> None:
    diff = (await checkout.diff(tree, against=against)).encode()
    await work.db(lambda: artifacts.store(work.run, "changes.diff", diff, kind=Artifact.Kind.DIFF, content_type="text/x-diff"))


async def _push(work: Execution, checkout: Checkout, origin: Origin, target: Target, sha: str) -> None:
    """Pushes after checking: a branch that is already at this commit was pushed before a crash."""
    run, branch = work.run, target.branch

    async def push() -> JSONObject:
        await checkout.push(sha, branch, onto=target.at)
        return {"branch_name": branch, "commit_sha": sha}

    def pushed(result: JSONObject) -> StepEvent:
        return StepEvent("push_succeeded", {**result, "repo_full_name": origin.name}, f"Pushed {branch} to {origin.name}.")

    try:
        await work.journal(checkout).step("deliver/push", "git", {"sha": sha, "branch": branch}, push, announce=pushed)
    except MGXError as error:
        await work.db(worker_transitions.record_git_progress, run.pk, work.lease.fence, git_status=GitStatus.FAILED)
        await work.sink.emit("push_failed", {"error": error.detail}, f"The push failed: {error.detail}")
        raise as_retryable(error) from error
    await work.db(worker_transitions.record_git_progress, run.pk, work.lease.fence, git_status=GitStatus.PUSHED)
