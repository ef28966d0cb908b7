"""The three phases of a run, each a journaled story that can be told again from the start: plan, execute, deliver."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import slugify

from agent.errors import AgentError
from agent.pipeline import carry_out, draft_plan
from agent.ports import JSON, Announcement, Draft, TaskSpec
from agent.team.prompts import VERSION
from repositories.checkout import Checkout
from repositories.errors import GitFailed
from repositories.origin import Origin, origin_of, publish

from . import artifacts, changes, gate, transitions, words
from .executor import Execution
from .models import Approval, Artifact, RunStep, TaskRun
from .models.run import GitStatus
from .pull_request import open_pull_request

MAX_SLUG = 50
LATIN = str.maketrans("ıłŁđĐøØ", "ilLdDoO") | str.maketrans({"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe"})
"""Letters that Unicode takes for letters of their own: `slugify` would drop them, and keeps the base of all others."""


async def plan(work: Execution) -> None:
    """analyse → plan; what people said goes in, and the last plan that they rejected, with their edits."""
    run = work.run
    checkout, _ = await _check_out(work)
    rejected = Approval.objects.of(run.workspace_id).filter(run=run, approved=False).order_by("plan_version")
    last = await work.db(rejected.values_list("plan", flat=True).last)
    draft = await draft_plan(
        await _spec(work),
        checkout.root,
        work.ports(checkout),
        feedback=await work.db(words.for_plan, run),
        rejected=last,
        version=run.plan_version,
    )
    await work.sink.close()
    await work.db(transitions.plan_drafted, run.pk, work.lease.fence, draft, prompt_version=VERSION)


async def execute(work: Execution) -> None:
    """write → guardrails → apply → format → test → review, and again for every decision of people about the change."""
    run = work.run
    checkout, _ = await _check_out(work)
    assert run.plan is not None, "an approved run has a plan"
    approval = Approval.objects.of(run.workspace_id).filter(run=run, approved=True).order_by("plan_version")
    said = await work.db(approval.values_list("feedback", flat=True).last)
    # the answers to open questions, for whoever reads the plan
    plan = {**run.plan, "said_with_the_approval": said} if said else run.plan
    if told := await work.db(words.while_planning, run):
        plan = {**plan, "said_while_planning": told}
    draft = Draft(plan, run.stack, run.stack_confidence or 0.0, run.complexity)
    decisions = await work.db(gate.rounds, run)
    outcome = await carry_out(await _spec(work), draft, checkout.root, work.ports(checkout), decisions=decisions)
    await work.sink.close()
    change = None
    if await work.db(gate.is_wanted, run):
        tree = await _final_tree(work, checkout)
        files = await asyncio.to_thread(changes.measure, await checkout.contents(tree))
        change = await work.db(gate.prepare, run, tree, files)
    await work.db(transitions.executed, run.pk, work.lease.fence, outcome, change)


async def deliver(work: Execution) -> None:
    """A commit on the run's own branch, its diff as an artifact, and the branch in the repository the work came from."""
    run = work.run
    checkout, origin = await _check_out(work)
    tree = await _final_tree(work, checkout)
    stat = await checkout.stat(tree)
    if not stat["files"]:
        raise AgentError(
            "The team's work left the repository as it was: there is nothing to commit.",
            hint="Say more exactly what should change, and retry.",
            code="no_changes",
        )
    journal_step = work.journal(checkout).step
    branch = branch_name(run)
    base_branch = run.base_branch if run.revision else checkout.base_branch
    facts = {"branch_name": branch, "base_branch": base_branch, "git_status": GitStatus.BRANCH_CREATED}
    await work.db(transitions.git_progress, run.pk, work.lease.fence, **facts)
    if not run.revision:
        data = {"branch_name": branch, "base_branch": base_branch, "repo_full_name": origin.name}
        await work.sink.emit("branch_created", data, f"Branch {branch} from {base_branch}.")

    clock = await journal_step("deliver/clock", "read", {}, _now)
    message = commit_message(run)
    author = settings.MGX_GIT_AUTHOR

    async def commit() -> JSON:
        at = parse_datetime(clock["now"])
        assert at is not None
        return {"commit_sha": await checkout.commit(tree, message=message, author=author, date=at)}

    def committed(result: JSON) -> Announcement:
        data = {"commit_sha": result["commit_sha"], "message": message, "branch_name": branch}
        return Announcement("commit_created", data, f"Commit {result['commit_sha'][:10]}: {message}")

    inputs = {"tree": tree, "message": message, "author": list(author)}
    recorded = await journal_step("deliver/commit", "git", inputs, commit, announce=committed)
    # Made again on a worker that has another clone: the same tree, parent, date and words give the same commit.
    sha = (await commit())["commit_sha"]
    if sha != recorded["commit_sha"]:
        raise AgentError(f"The commit came out as {sha}, but {recorded['commit_sha']} was announced.", code="commit_differs")
    await work.db(transitions.git_progress, run.pk, work.lease.fence, commit_sha=sha, git_status=GitStatus.COMMITTED)

    diff = (await checkout.diff(tree)).encode()
    await work.db(lambda: artifacts.store(run, "changes.diff", diff, kind=Artifact.Kind.DIFF, content_type="text/x-diff"))
    results: dict[str, Any] = {"diff_stat": stat}
    if origin.url:
        await _push(work, checkout, origin, sha, branch)
        if path := await publish(origin, branch):
            results["path"] = str(path)
        results |= await open_pull_request(work, work.journal(checkout), origin, branch, base_branch)
    await work.sink.close()
    await work.db(transitions.completed, run.pk, work.lease.fence, results=results)


async def _push(work: Execution, checkout: Checkout, origin: Origin, sha: str, branch: str) -> None:
    """Pushes and looks first: a branch that is there already at this commit is ours from before a crash."""
    run = work.run

    async def push() -> JSON:
        await checkout.push(sha, branch, onto=checkout.base_sha if run.revision else "")
        return {"branch_name": branch, "commit_sha": sha}

    def pushed(result: JSON) -> Announcement:
        return Announcement("push_succeeded", {**result, "repo_full_name": origin.name}, f"Pushed {branch} to {origin.name}.")

    try:
        await work.journal(checkout).step("deliver/push", "git", {"sha": sha, "branch": branch}, push, announce=pushed)
    except GitFailed as error:
        await work.db(transitions.git_progress, run.pk, work.lease.fence, git_status=GitStatus.FAILED)
        await work.sink.emit("push_failed", {"error": error.detail}, f"The push failed: {error.detail}")
        raise
    await work.db(transitions.git_progress, run.pk, work.lease.fence, git_status=GitStatus.PUSHED)


async def _check_out(work: Execution) -> tuple[Checkout, Origin]:
    """A private clone at the run's base commit, which the first clone fixes for the whole run."""
    run = work.run
    origin = await work.db(
        origin_of,
        workspace_id=run.workspace_id,
        project_id=run.project_id,
        repository_id=run.task.repository_id,
        allow_dirty=run.task.config.get("allow_dirty") is True,
    )
    origin = await origin.ready()
    if run.revision:
        origin = replace(origin, branch=run.branch_name)
    made: list[Checkout] = []

    async def clone() -> JSON:
        checkout = await Checkout.create(work.directory, origin.source(), empty=not origin.url)
        made.append(checkout)
        return {"base_sha": checkout.base_sha, "base_branch": checkout.base_branch}

    # The journal proper needs a checkout for its trees; this first step changes none.
    source = await work.journal_without_trees().step("source", "git", {"url": origin.url}, clone)
    base = source["base_sha"]
    checkout = made[0] if made else await Checkout.create(work.directory, origin.source(), sha=base, empty=not base)
    known = {**source, "base_branch": run.base_branch} if run.revision else source
    await work.db(transitions.git_progress, run.pk, work.lease.fence, **known, **origin.facts())
    return checkout, origin


async def _spec(work: Execution) -> TaskSpec:
    """The task as it was when the run first read it: what changes after a plan was approved is no part of what was approved."""

    async def read() -> JSON:
        return asdict(work.spec())

    found = await work.journal_without_trees().step("spec", "read", {}, read)
    extra = work.run.budget.get("extra_rounds", 0)
    rounds = {name: found[name] + extra for name in ("max_rounds", "max_revision_rounds")}
    return TaskSpec(**{**found, **rounds, "constraints": tuple(found["constraints"])})


async def _final_tree(work: Execution, checkout: Checkout) -> str:
    """Restores what executing made, as its last change left it: what tests dropped into the workdir since is no part of it."""
    changed = RunStep.objects.of(work.run.workspace_id).filter(run=work.run).exclude(tree="").order_by("-finished_at")
    last = await work.db(changed.first)
    if last is not None:
        await work.trees(checkout).restore(last.tree)
    return await checkout.tree()


async def _now() -> JSON:
    return {"now": timezone.now().replace(microsecond=0).isoformat()}


def branch_name(run: TaskRun) -> str:
    """`{prefix}/{task-slug ≤ 50}/run-{n}`, the task's id for a name without ASCII letters; a revision has its parent's."""
    if run.revision:
        return run.branch_name
    slug = slugify(run.task.name.translate(LATIN))[:MAX_SLUG].strip("-") or str(run.task_id)[:8]
    return f"{run.task.project.run_branch_prefix}/{slug}/run-{run.run_number}"


def commit_message(run: TaskRun) -> str:
    """The project's template; only its two names are filled in, nothing is evaluated."""
    template: str = run.task.project.commit_template
    return template.replace("{task_name}", run.task.name).replace("{run_number}", str(run.run_number))
