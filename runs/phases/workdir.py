"""The workdir of a phase: a private clone at the run's base commit, with the results of earlier phases."""

from __future__ import annotations

from dataclasses import replace

from agent.changes.baseline_files import FileBefore
from agent.ports import JSONObject, StepEvent
from mgx_project.common.errors import MGXError
from repositories.checkout_source import Origin, on_branch, origin_of
from repositories.errors import GitCommandFailed
from repositories.git.checkout import Checkout, RemoteSource
from tasks.models import Task

from ..lifecycle.plan_again import tree_of
from ..models import RunStep, TaskRun
from ..worker.execution import Execution
from ..worker.journal import OpenStep, current_step
from .branch_names import candidates, choose, note
from .continued_branch import branch_gone, merged_note, settle_branch
from .target_branch import as_retryable

MAX_NAMED = 200


async def check_out(work: Execution) -> tuple[Checkout, Origin]:
    """A private clone at the run's base commit, which the first clone fixes for the whole run; that of the phase before, as it
    was left, where both have the same claim.

    Raises Paused where waiting or another token helps.
    """
    try:
        return await _check_out(work)
    except MGXError as error:
        raise as_retryable(error) from error


async def _check_out(work: Execution) -> tuple[Checkout, Origin]:
    run = work.run
    origin = await work.db(
        origin_of,
        workspace_id=run.workspace_id,
        project_id=run.project_id,
        repository_id=(run.repository_id if run.revision else None) or run.task.repository_id,
        # of a branch that is continued, the checkout around it is not read
        allow_dirty=run.continues_branch or run.task.config.get("allow_dirty") is True,
    )
    origin = await origin.ready()
    await settle_branch(work, origin)
    if run.continues_branch:
        origin = await on_branch(origin, run.branch_name, of_new_project=_makes_project(run))
    if work.checkout is not None:
        work.checkout.reach_by(replace(origin.source(), branch=work.checkout.base_branch))
        return work.checkout, origin
    made: list[Checkout] = []

    async def create(source: RemoteSource, sha: str, empty: bool) -> Checkout:
        checkout = await Checkout.create(work.directory, source, sha=sha, empty=empty, tell=tell)
        work.held.callback(checkout.close)
        made.append(checkout)
        return checkout

    async def tell(words: str, percent: int) -> None:
        data = {"phase": "source", "step": 0, "total_steps": 0, "percent": percent}
        await work.sink.emit("progress", data, f"Fetching {origin.name}: {words}.")

    async def first() -> JSONObject:
        source = replace(origin.source(), wanted=() if run.continues_branch else candidates(run))
        try:
            checkout = await create(source, "", not origin.url)
        except GitCommandFailed as error:
            raise (branch_gone(run, origin) if run.continues_branch and error.code == "branch_not_found" else error) from None
        if origin.url and not run.continues_branch:  # before the first model call: what can't be delivered need not be paid for
            choose(run, {*checkout.heads_of_base, checkout.base_branch})
        return {"base_sha": checkout.base_sha, "base_branch": checkout.base_branch}

    def ready(_: JSONObject) -> StepEvent | None:
        return _ready(run, origin, made[0]) if origin.url else None

    # The journal proper needs a checkout for its trees; this first step changes none.
    source = await work.journal_without_trees().step("source", "git", {"url": origin.url}, first, announce=ready, local=True)
    if not made:
        base = source["base_sha"]
        # how long it takes here is not part of the phase's journal
        token = current_step.set(OpenStep(RunStep(key="source/again", attempt=work.lease.fence), begun=True))
        try:
            await create(replace(origin.source(), branch=source["base_branch"]), base, not base)
        finally:
            current_step.reset(token)
    checkout = made[0]
    if tree := tree_of(run):
        await work.trees(checkout).restore(tree)
        work.start_tree = tree
    known = {**source, "base_branch": run.base_branch} if run.continues_branch else source
    if new := {name: value for name, value in {**known, **origin.facts()}.items() if getattr(run, name) != value}:
        work.buffer.note(**new)
    work.checkout = checkout
    return checkout, origin


def _makes_project(run: TaskRun) -> bool:
    return bool(run.task.output_mode == Task.OutputMode.GENERATE_NEW)


def _ready(run: TaskRun, origin: Origin, checkout: Checkout) -> StepEvent:
    found = checkout.contents_of_base
    heads = {*checkout.heads_of_base, checkout.base_branch}
    branch = "" if run.continues_branch else note(run, choose(run, heads), heads)
    merged = merged_note(run, checkout.base_branch)
    data = {
        "repo_full_name": origin.name,
        "base_branch": checkout.base_branch,
        "base_sha": checkout.base_sha,
        "submodules": list(found.submodules[:MAX_NAMED]),
        "lfs_files": list(found.pointers[:MAX_NAMED]),
        "shallow": checkout.is_shallow,
    }
    where = f"{checkout.base_branch} at {checkout.base_sha[:10]}" if checkout.base_sha else "empty"
    said = " ".join(filter(None, (f"Checked out {origin.name}: {where}.", found.warning(), merged, branch)))
    return StepEvent("source_ready", data, said)


async def begun(work: Execution, checkout: Checkout) -> dict[str, FileBefore]:
    """The files that a run that was planned again has changed before, by path, as they are in the base."""
    if not work.start_tree:
        return {}
    files, modes = await checkout.contents(work.start_tree), await checkout.modes(work.start_tree)
    return {path: FileBefore(before, _bits(modes.get(path, ("", ""))[0])) for path, (before, _) in files.items()}


def _bits(mode: str) -> int | None:
    """Of git's mode of a file; None for one whose mode is the same in both trees."""
    return int(mode, 8) & 0o777 if mode else None


async def final_tree(work: Execution, checkout: Checkout) -> str:
    """Restores the result of executing after its last change, without files that tests have left in the workdir since."""
    await work.sink.flush()  # the last change may not be written yet
    changed = RunStep.objects.for_workspace(work.run.workspace_id).filter(run=work.run, finished_at__isnull=False)
    last = await work.db(changed.exclude(tree="").order_by(*RunStep.NEWEST_FIRST).first)
    if last is not None:
        await work.trees(checkout).restore(last.tree)
        return str(last.tree)
    return await checkout.tree()
