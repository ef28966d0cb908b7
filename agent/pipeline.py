"""The whole loop: plan ‖ a person approves ‖ work → guardrails → format → prove by machine → review, and back to work.

The approval between the two halves belongs to whoever drives them, and so does delivery. Both halves are replays over the
journal: run again with the same journal they return the same, and act only where nothing is recorded yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.changes.baseline_files import FileBefore
from agent.ports import JSONObject, Outcome, PlanDraft, Ports, TaskSpec
from agent.stages.execution import ChangeExecution
from agent.stages.planning import begin_execution, begin_plan, finish_plan, take_analysis
from agent.stages.progress import ProgressReporter
from agent.team import ChangeAnswer, hire
from agent.team.messages import TASK_GIVEN


async def draft_plan(
    spec: TaskSpec,
    root: Path,
    ports: Ports,
    *,
    feedback: Sequence[str] = (),
    rejected: JSONObject | None = None,
    version: int = 1,
) -> PlanDraft:
    """Understands the task and plans it; nothing in ``root`` changes. ``feedback`` says why earlier plans were rejected and
    what people have answered; ``rejected`` is the last plan they rejected, with their own edits in it.

    Raises ``TaskUnclear``, ``UnknownStack``, ``OutputInvalid`` or ``ModelFailed`` where the run has failed; ``Paused`` (with
    the reason ``question`` where a person must say more) or ``Cancelled`` where it stops.
    """
    progress = ProgressReporter(ports.events, "plan", 2)
    work = await begin_plan(spec, root, ports, feedback, version, rejected)

    await progress.at(1, "Analysing and planning")
    answer = json.loads(await hire(work).ask(TASK_GIVEN, work.evidence))
    await take_analysis(work, answer)

    await progress.at(2, "Estimating")
    return await finish_plan(work, answer, version)


async def carry_out(
    spec: TaskSpec,
    draft: PlanDraft,
    root: Path,
    ports: Ports,
    *,
    decisions: Sequence[JSONObject] = (),
    begun: Mapping[str, FileBefore] | None = None,
) -> Outcome:
    """Makes the approved plan true in ``root``. What can't be finished within the bounds pauses with what is missing.

    ``decisions`` are those of people about the change that came out, in their order: {rejected: [{path, hunk, comment}],
    comment}. Each is carried out on top of what stood before it, and proved and reviewed again. ``begun`` are the files of
    ``root`` that belong to the change already, as they were before it.

    Raises an ``AgentError`` where the run has failed; ``Paused`` or ``Cancelled`` where it stops.
    """
    work = await begin_execution(spec, draft, root, ports)
    change = ChangeExecution(work, hire(work), begun)

    await _until_right(change, await change.write())
    for number, decision in enumerate(decisions, 1):
        problem = await change.decided(decision, number) or await change.prove() or await change.review()
        if problem is not None:
            await _until_right(change, await change.revise(problem))
    return await change.outcome()


async def _until_right(change: ChangeExecution, answer: ChangeAnswer | None) -> None:
    while answer is not None:
        problem = (
            await change.land(answer)  # guardrails, then all files or none
            or await change.prove()  # format, install, test
            or await change.add_tests()  # the tester's, once, where some are missing; proved as well
            or await change.review()
        )
        answer = await change.revise(problem) if problem else None
