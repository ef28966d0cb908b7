"""How the two phases begin and how the first one ends: what task and repository say, and which stack they suggest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agent import stacks
from agent.changes.commit_style import style_of
from agent.checks.test_configuration import is_test_configuration
from agent.context import own_files
from agent.context.commits import read_commits
from agent.errors import Paused, TaskUnclear
from agent.ports import JSONObject, PlanDraft, Ports, TaskSpec
from agent.projects import ProjectProfile
from agent.projects.in_plan import in_plan
from agent.projects.of_stack import part_of_stack
from agent.stages.estimate import estimate
from agent.stages.stack_choice import GUESSED, know_stack, take_proposal
from agent.team import PhaseContext
from agent.team.phase_context import FOR_PEOPLE
from agent.team.transcript import keep_transcript, recall_transcript

MIN_LETTERS = 3
HOW_TO_ANSWER = "Answer the question; the team then plans with your answer."


async def begin_plan(
    spec: TaskSpec, root: Path, ports: Ports, feedback: Sequence[str], version: int, rejected: JSONObject | None = None
) -> PhaseContext:
    """The context of a plan phase. Raises ``TaskUnclear`` for a task without words, ``UnknownStack`` for an unknown stack."""
    if sum(character.isalpha() for character in spec.text) < MIN_LETTERS:
        said = f"says only {spec.text.strip()[:40]!r}" if spec.text.strip() else "is empty"
        raise TaskUnclear(
            f"The task {said}.", hint='Say in a sentence what should be built or changed, for example "Add a health endpoint".'
        )
    chosen = stacks.get(spec.stack) if spec.stack and spec.stack != stacks.NONE else None
    work = PhaseContext(spec, root, ports, f"plan/{version}", feedback=feedback, rejected=rejected)
    # said before the repository is read: that can take seconds, and people wait
    await ports.events.emit("analysis_start", {}, "Analysing the task")
    await work.read("read")
    work.spec = _for_repository(spec, work)
    if own_files(work.view.files):
        await work.find_out("profile", part_of_stack(chosen) if chosen else None)
    know_stack(work, chosen)
    if version > 1:
        await recall_transcript(work, version - 1)
    return work


async def take_analysis(work: PhaseContext, analysis: JSONObject) -> None:
    """Takes what the leader found out into the work. A new project outside the catalogue goes on without a stack.

    Raises ``Paused('question')`` where a person must say more before anybody could plan, or must decide what the task leaves
    contradictory.
    """
    if not analysis["clear"]:
        await keep_transcript(work, {})
        raise Paused(
            "question", analysis["question"] or f"What exactly should be done? {analysis['summary']}", hint=HOW_TO_ANSWER
        )
    if analysis["conflicts"] and work.spec.asks and not work.feedback:
        await keep_transcript(work, {})
        raise Paused("question", "\n".join(analysis["conflicts"]), hint=HOW_TO_ANSWER)
    take_proposal(work, analysis)
    data = {
        "complexity": analysis["complexity"],
        "stack": work.stack.id if work.stack else "",
        "stack_confidence": work.confidence,
        "files_considered": len(work.view.files),
    }
    await work.ports.events.emit("analysis_done", data, analysis["summary"])


async def finish_plan(work: PhaseContext, answer: JSONObject, version: int) -> PlanDraft:
    """Adds the estimate, keeps the session for whoever carries the plan out, and announces ``plan_ready``."""
    plan = {
        "summary": answer["summary"],
        "steps": answer["steps"],
        "risks": [*_doubts(work), *_test_configuration(work, answer), *answer["risks"]],
        "test_strategy": answer["test_strategy"],
        "questions": [*(f"Not asked: {conflict}" for conflict in answer["conflicts"]), *answer["questions"]],
        "project": in_plan(work.profile),
        "estimate": await estimate(work, answer),
    }
    await keep_transcript(work, {name: value for name, value in plan.items() if name not in FOR_PEOPLE})
    await work.ports.events.emit("plan_ready", {"plan": plan, "plan_version": version}, plan["summary"])
    return PlanDraft(plan, work.stack.id if work.stack else "", work.confidence, answer["complexity"], version)


def _doubts(work: PhaseContext) -> list[str]:
    """Said in the plan, for the person who approves it."""
    if work.stack is None or work.confidence > GUESSED:
        return []
    why = work.evidence or "only the model suggests it"
    said = f"The stack {work.stack.id} is a guess ({work.confidence:.0%} sure). {why[:200]}"
    return [f"{said.rstrip('.')}. If another stack is meant, or none, reject the plan and say so."]


def _test_configuration(work: PhaseContext, plan: JSONObject) -> list[str]:
    """Whoever approves the plan approves these too: the change is then judged with them."""
    files = [path for step in plan["steps"] for path in step["files"] if is_test_configuration(path)]
    if not files or work.spec.output_mode != "patch_existing":
        return []
    named = ", ".join(dict.fromkeys(files))
    return [
        f"The plan may change how tests are run: {named}. If you approve, the change is tested with its own version of them."
    ]


async def begin_execution(spec: TaskSpec, draft: PlanDraft, root: Path, ports: Ports) -> PhaseContext:
    """The work of an execute phase: the files that the approved plan names are read."""
    work = PhaseContext(
        spec, root, ports, "execute", plan=dict(draft.plan), stack=stacks.get(draft.stack) if draft.stack else None
    )
    await recall_transcript(work, draft.version)
    await work.read("read", work.planned_files())
    work.spec = _for_repository(spec, work)
    if work.spec.output_mode == "patch_existing":
        await work.find_out("profile", part_of_stack(work.stack) if work.stack else None)
    else:
        await find_out_new(work, "begin")
    work.no_stack = work.stack is None and work.spec.output_mode == "generate_new"
    work.commit_style = style_of(await read_commits(root, ports.journal)).told()
    return work


async def find_out_new(work: PhaseContext, step: str) -> None:
    """What a new project is: what its stack says, or, without one, what the files say that are there so far."""
    if work.stack is not None:
        work.profile = ProjectProfile((part_of_stack(work.stack),), work.stack.id, "the project is made by it")
    else:
        await work.find_out(f"profile/{step}")


def _for_repository(spec: TaskSpec, work: PhaseContext) -> TaskSpec:
    """A repository with code of its own is patched, whatever the task says."""
    return replace(spec, output_mode="patch_existing") if own_files(work.view.files) else spec
