"""One attempt at one case: the agent alone, on a copy of the repository, within bounds, and then the judge."""

from __future__ import annotations

import asyncio
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from agent.errors import AgentError, Interrupted, Paused, SandboxFailed, TaskUnclear
from agent.in_memory import CancelFlag, LocalBudget, MemoryJournal
from agent.pipeline import carry_out, draft_plan
from agent.ports import CallEstimate, JSONObject, Model, Outcome, Ports, TaskSpec
from agent.sandbox import open_sandbox
from evals import judge, worktree
from evals.cases import Case
from evals.results import Result, Status

MAX_PATCH = 200_000
"""Characters of a change that are kept in the results."""


@dataclass(frozen=True)
class AttemptBounds:
    """Of one case. None: no bound. ``seconds`` is wall time, sandbox and judge included."""

    max_tokens: int | None = 400_000
    max_cost_usd: Decimal | None = None
    seconds: float = 1_200.0


@dataclass
class Purse(LocalBudget):
    """A cap on cost beside that on tokens. A call of unknown price can't be held against it, so the first one ends the case."""

    max_cost_usd: Decimal | None = None

    async def reserve(self, key: str, estimate: CallEstimate) -> int:
        if self.max_cost_usd is not None:
            if estimate.cost_usd is None or self.cost_usd is None:
                raise Paused("budget", "The model's price is not known.", hint="Give --price-in and --price-out.")
            if self.cost_usd + estimate.cost_usd > self.max_cost_usd:
                raise Paused("budget", f"The next call may pass the cap of ${self.max_cost_usd}.", hint="Raise --max-cost.")
        return await super().reserve(key, estimate)


@dataclass
class AttemptWatch:
    """Keeps what the report tells of a run, of all its events."""

    timeline: list[str] = field(default_factory=list)
    rounds: int = 0
    tests: JSONObject = field(default_factory=dict)

    async def emit(self, type: str, data: JSONObject, message: str = "") -> None:
        self.timeline.append(f"{type}: {message}")
        self.rounds += type == "revision_started"
        if type == "role_message" and data["action"] == "WriteCode":
            self.rounds = max(self.rounds, 1)
        if type == "tests_finished":
            self.tests = data

    def text(self, role: str, text: str) -> None:
        """What is written is in the patch."""


@dataclass(frozen=True)
class End:
    status: Status
    why: str = ""
    asked: bool = False
    """A person was asked, as they should be where the task is unclear."""
    outcome: Outcome | None = None


async def attempt(case: Case, model: Model, cache: Path, bounds: AttemptBounds) -> Result:
    """Never raises for what goes wrong inside: the result says it. The model is closed."""
    begun = time.monotonic()
    told = Result(case.id, case.title, case.kind, case.stack, case.task, "skipped", solved=False)
    if missing := case.missing():
        await model.aclose()
        return replace(told, why=f"{', '.join(missing)} is not available here.")
    purse, watch = Purse(max_tokens=bounds.max_tokens, max_cost_usd=bounds.max_cost_usd), AttemptWatch()
    with tempfile.TemporaryDirectory(prefix="mgx-eval-", ignore_cleanup_errors=True) as directory:
        root = Path(directory) / "project"
        worktree.prepare(case.repo, root)
        try:
            async with asyncio.timeout(bounds.seconds):
                end = await _run(case, root, _ports(model, watch, purse, root, cache))
                patch = worktree.patch_of(root)
                changed = worktree.changed_files(root)
                told = await _judged(case, told, end, root, patch, changed, cache)
        except TimeoutError:
            patch, changed = worktree.patch_of(root), worktree.changed_files(root)
            told = replace(told, status="out_of_time", why=f"It was not done after {bounds.seconds:g} seconds.")
        finally:
            await model.aclose()
    return replace(
        told, rounds=watch.rounds, calls=purse.calls, tokens=purse.tokens,
        cost_usd=None if purse.cost_usd is None else str(purse.cost_usd), seconds=round(time.monotonic() - begun, 2),
        patch=patch[:MAX_PATCH], patch_sha256=worktree.digest(patch), files=changed, tests=_counts(watch.tests),
        timeline=watch.timeline,
    )  # fmt: skip


def _ports(model: Model, watch: AttemptWatch, purse: Purse, root: Path, cache: Path) -> Ports:
    return Ports(
        model, watch, MemoryJournal(watch, root), open_sandbox(root, cache=cache), purse, CancelFlag(), map_cache=cache / "maps"
    )


async def _run(case: Case, root: Path, ports: Ports) -> End:
    spec = TaskSpec(case.task.strip(), stack=case.stack, constraints=case.constraints)
    asked = False
    try:
        try:
            draft = await draft_plan(spec, root, ports)
        except (Paused, TaskUnclear) as question:
            if isinstance(question, Paused) and question.reason != "question":
                raise
            if not case.expected.answer:
                return End("paused", question.detail, asked=True)
            asked = True
            draft = await draft_plan(spec, root, ports, feedback=[case.expected.answer.strip()], version=2)
        return End("completed", asked=asked, outcome=await carry_out(spec, draft, root, ports))
    except Paused as paused:
        return End("paused", f"{paused.detail} {paused.hint}".strip(), asked=asked or paused.reason == "question")
    except Interrupted as stopped:
        return End("paused", str(stopped), asked=asked)
    except AgentError as error:
        return End("failed", f"{error.code}: {error.detail} {error.hint}".strip(), asked=asked)
    except Exception:  # a fault of ours: the other cases must still run, and the report shows where it was
        return End("error", traceback.format_exc(limit=-6), asked=asked)


async def _judged(case: Case, told: Result, end: End, root: Path, patch: str, changed: Sequence[str], cache: Path) -> Result:
    told = replace(told, status=end.status, why=end.why, review=end.outcome.review["comments"] if end.outcome else ())
    if end.status == "error":
        return told
    if case.expected.outcome == "question" and not end.asked:
        said = "It should have asked what is meant, and guessed."
        return replace(told, why=f"{said} {end.why}".strip())
    if not case.judged:
        right = end.asked and not changed
        return replace(told, solved=right, why=end.why if right else "It asked, but changed files all the same.")
    if end.status != "completed":
        return told
    strayed = judge.kept_to(case, changed, patch)
    try:
        verdict = await judge.judge(case, root, cache)
    except SandboxFailed as error:
        return replace(told, status="error", why=f"{error.detail} {error.hint}".strip())
    return replace(told, solved=verdict.right and not strayed, why=strayed or verdict.why, output=verdict.output)


def _counts(tests: JSONObject) -> str:
    if not tests:
        return ""
    return f"{tests['status']}: {tests['passed']} passed, {tests['failed']} failed, {tests['skipped']} skipped"
