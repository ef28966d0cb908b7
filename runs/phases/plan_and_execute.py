"""The phases plan and execute, in which the team works. Each is journaled and can be replayed. The third phase is
`runs.phases.deliver`."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import asdict

from agent.pipeline import carry_out, draft_plan
from agent.ports import JSONObject, Outcome, PlanDraft, TaskSpec
from agent.team import prompts
from repositories.git.checkout import Checkout

from ..lifecycle import change_review, change_set, messages, worker_transitions
from ..lifecycle.plan_again import earlier_of
from ..models import Approval, TaskRun
from ..worker.execution import Execution
from .workdir import begun, check_out, final_tree


async def plan(work: Execution) -> TaskRun:
    """analyse → plan, with messages of people and the last rejected plan, including their edits."""
    run = work.run
    checkout, _ = await check_out(work)
    rejected = Approval.objects.for_workspace(run.workspace_id).filter(run=run, approved=False).order_by("plan_version")
    last = await work.db(rejected.values_list("plan", flat=True).last)
    draft = await draft_plan(
        await _spec(work, await begun(work, checkout)),
        checkout.root,
        work.ports(checkout),
        feedback=await work.db(messages.plan_messages, run),
        rejected=last,
        version=run.plan_version,
    )
    return await work.end(worker_transitions.finish_planning, draft, prompt_version=prompts.version(), leads_on=True)


async def execute(work: Execution) -> TaskRun:
    """write → guardrails → apply → format → test → review, repeated after every decision of people about the change."""
    run = work.run
    checkout, _ = await check_out(work)
    outcome = await write_change(work, checkout)
    change = None
    if await work.db(change_review.is_required, run):
        tree = await final_tree(work, checkout)
        files = await asyncio.to_thread(change_set.measure, await checkout.contents(tree), await checkout.modes(tree))
        change = await work.db(change_review.prepare, run, tree, files)
    return await work.end(worker_transitions.finish_execution, outcome, change, leads_on=True)


async def write_change(work: Execution, checkout: Checkout) -> Outcome:
    """Leaves the workdir at the change's last tree. What is recorded is not done again, so a later phase may call it to have
    the trees of the change made again."""
    run = work.run
    await checkout.reset(work.start_tree)  # it may be the planner's
    assert run.plan is not None, "an approved run has a plan"
    approval = Approval.objects.for_workspace(run.workspace_id).filter(run=run, approved=True).order_by("plan_version")
    said = await work.db(approval.values_list("feedback", flat=True).last)
    # the answers to open questions, for whoever reads the plan
    plan = {**run.plan, "said_with_the_approval": said} if said else run.plan
    if told := await work.db(messages.messages_while_planning, run):
        plan = {**plan, "said_while_planning": told}
    draft = PlanDraft(plan, run.stack, run.stack_confidence or 0.0, run.complexity)
    decisions = await work.db(change_review.rounds, run)
    before = await begun(work, checkout)
    return await carry_out(
        await _spec(work, before), draft, checkout.root, work.ports(checkout), decisions=decisions, begun=before
    )


async def _spec(work: Execution, before: Collection[str]) -> TaskSpec:
    """The task as it was when the run first read it: later edits are not part of what was approved. ``before`` are the paths
    that it has changed before it was planned again."""

    async def read() -> JSONObject:
        spec = asdict(work.spec())
        spec["earlier"] = earlier_of(work.run, sorted(before), spec["earlier"])
        # only where there is some: an older worker, which may take the run over, does not know the field
        return spec if spec["earlier"] else {name: value for name, value in spec.items() if name != "earlier"}

    found = await work.journal_without_trees().step("spec", "read", {}, read)
    extra = work.run.budget.get("extra_rounds", 0)
    rounds = {name: found[name] + extra for name in ("max_rounds", "max_revision_rounds")}
    return TaskSpec(**{**found, **rounds, "constraints": tuple(found["constraints"])})
