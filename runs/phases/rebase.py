"""If the base branch moved during the run, its work is merged onto the new head and tested again; on a conflict nothing is
lost (docs/adr/0013)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agent.checks import failing_tests
from agent.checks.proof import is_to_blame
from agent.checks.test_configuration import SetAside, Swap
from agent.errors import AgentError
from agent.ports import Journal, JSONObject, PlanDraft, StepEvent
from agent.team.test_report_text import counted
from agent.team.verification import BEFORE, NEVER_TESTED, UNCOMPARED, try_again
from mgx_project.common.errors import MGXError
from repositories.errors import GitCommandFailed
from repositories.git.checkout import Checkout
from repositories.git.merging import Merged

from ..worker.execution import Execution
from .target_branch import Target, as_retryable

SHOWN = 20
"""The most files listed in one sentence."""


@dataclass(frozen=True)
class RebaseResult:
    """The tree to commit and its parent ("" for none). ``results`` are ``rebased`` {from, onto, base_branch} and
    ``tests_after_rebase``, or ``conflict`` {base_branch, head, files}; ``proved`` tells whether what held before still does."""

    tree: str
    parent: str
    results: dict[str, Any] = field(default_factory=dict)
    proved: bool = True


async def rebase_onto_head(work: Execution, journal: Journal, checkout: Checkout, tree: str, target: Target) -> RebaseResult:
    """Raises AgentError('no_changes') if somebody else made the same change, GitCommandFailed('branch_moved') if a revision
    conflicts with what was pushed to its pull request."""
    run = work.run
    began, head = checkout.base_sha, target.head
    if not head or head == began:
        return RebaseResult(tree, began)
    branch = target.branch if run.continues_branch else target.base_branch
    try:
        await checkout.fetch(head, branch)
    except MGXError as error:
        raise as_retryable(error) from error
    merged = await _merged(journal, checkout, tree, branch, head)
    if merged.conflicts:
        if run.continues_branch:
            raise GitCommandFailed(
                f"{branch} moved to {head[:12]}, and this change conflicts with it in {listed(merged.conflicts)}.",
                code="branch_moved",
                hint="Nothing was overwritten, and the diff is kept. Retry the run to start from the current commit.",
            )
        conflict = {"base_branch": branch, "head": head, "files": list(merged.conflicts)}
        return RebaseResult(tree, began, {"conflict": conflict}, proved=False)
    if not (await checkout.stat(merged.tree, against=head))["files"]:
        raise AgentError(
            f"There is nothing left to commit: {branch} moved to {head[:12]}, which already contains this change.",
            hint="Somebody else made the same change. If something is missing, describe it and retry.",
            code="no_changes",
        )
    rebased = {"from": began, "onto": head, "base_branch": branch}
    tests = await _tested(work, checkout, merged.tree, head)
    proved = tests["status"] != "unavailable" and not is_to_blame(tests) and not tests["imported_elsewhere"]
    return RebaseResult(merged.tree, head, {"rebased": rebased, "tests_after_rebase": tests}, proved)


async def _merged(journal: Journal, checkout: Checkout, tree: str, branch: str, head: str) -> Merged:
    """Merges on every worker, which needs the objects; announced once."""
    made = await checkout.merge(tree, head)
    began = checkout.base_sha

    async def act() -> JSONObject:
        return {"tree": made.tree, "conflicts": list(made.conflicts)}

    def announce(result: JSONObject) -> StepEvent:
        if result["conflicts"]:
            said = f"{branch} moved to {head[:10]}, and this change conflicts with it in {listed(made.conflicts)}."
            return StepEvent("git_operation_failed", {"error": said}, said)
        data = {"from_sha": began, "onto_sha": head, "branch_name": branch}
        return StepEvent("rebased", data, f"{branch} moved: the change is now based on {head[:10]}.")

    found = await journal.step("deliver/rebase", "git", {"tree": tree, "from": began, "onto": head}, act, announce=announce)
    if found["tree"] != made.tree:
        raise AgentError(f"The merge has the tree {made.tree}, but {found['tree']} was recorded.", code="merge_differs")
    return made


async def _tested(work: Execution, checkout: Checkout, tree: str, head: str) -> JSONObject:
    """The data of ``tests_finished`` for the merged tree; its ``baseline`` is how the tests of the change went before. What
    fails newly is run again alone and on ``head``, which does not have the change, before the change is blamed."""
    await checkout.reset(tree)
    before = work.run.results.get("tests") or {}
    draft = PlanDraft(work.run.plan or {}, work.run.stack, 0.0, work.run.complexity)
    files = work.run.results.get("files") or ()
    paths = [path for file in files for path in (file["path"], file.get("source")) if path]
    baseline = {key: before[key] for key in BEFORE} if all(key in before for key in BEFORE) else None
    ran = await try_again(
        checkout.root,
        work.spec(),
        draft,
        paths,
        work.ports(checkout, tree),
        "deliver",
        earlier={**NEVER_TESTED, **before},
        before=await _without_the_change(checkout, tree, head),
    )
    compared = failing_tests.compare(baseline, ran, checkout.root)
    compared["newly_failing"] = [name for name in compared["newly_failing"] if name not in ran["flaky"]]
    tests: JSONObject = {**UNCOMPARED, **ran, "baseline": baseline, **compared, "coverage": None}
    said = tests["reason"] if tests["status"] == "unavailable" else f"{tests['status']}, {counted(tests)}"
    await work.sink.emit("tests_finished", tests, f"After the merge: {said}")
    return tests


async def _without_the_change(checkout: Checkout, tree: str, head: str) -> SetAside:
    """Puts the files of ``tree``, which the workdir has, back to those of ``head``; links stay as they are."""
    changed = await checkout.contents(tree, against=head)
    swaps = [Swap(path, now, then) for path, (then, now) in changed.items() if now != then]
    return SetAside(checkout.root, [swap for swap in swaps if not (checkout.root / swap.path).is_symlink()])


def listed(files: tuple[str, ...] | list[str]) -> str:
    more = len(files) - SHOWN
    return ", ".join(files[:SHOWN]) + (f" and {more} more" if more > 0 else "")
