"""Our session on a case: plan, work, proof by machine and review, in the real sandbox, against the scripted endpoint.

The answers go to whoever asks: the endpoint is told which role the next request is from, for requests themselves do not say.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from agent.errors import AgentError, Interrupted
from agent.in_memory import CancelFlag, LocalBudget, MemoryJournal
from agent.models import ModelSettings, open_models
from agent.pipeline import carry_out, draft_plan
from agent.ports import (
    CallEstimate,
    CommandResult,
    JSONObject,
    Model,
    ModelCompletion,
    ModelProfile,
    ModelRequest,
    Ports,
    Sandbox,
    TaskSpec,
)
from agent.projects import ProjectPart
from agent.sandbox import open_sandbox
from evals.attempt import AttemptWatch
from evals.sessions.answers import ScriptedAnswer, for_engineer, for_planner, for_reviewer, turns_of_planner, with_plan
from evals.sessions.attempts import SessionAttempt
from evals.sessions.case import SessionCase
from evals.sessions.counting import Count, measure_prompts
from evals.sessions.endpoint import MODEL, ScriptedEndpoint, ScriptEnded, serve
from evals.sessions.places import CasePlace, write
from evals.sessions.seen import conversation, unseen
from evals.worktree import patch_of

OURS, OURS_APART = "ours", "ours, finish apart"
LEADER, ENGINEER, REVIEWER = "team_leader", "engineer", "reviewer"


class RoleScripts:
    """What each role answers, in order. ``asked`` are the roles that have been answered, one for each request. ``apart`` as for
    ``for_engineer``."""

    def __init__(self, case: SessionCase, root: Path, *, apart: bool = False) -> None:
        self._root = root
        self._turns = turns_of_planner(case)
        written = {LEADER: [with_plan(case)], ENGINEER: for_engineer(case, apart=apart), REVIEWER: for_reviewer(case)}
        self._left: Mapping[str, Iterator[ScriptedAnswer]] = {role: iter(answers) for role, answers in written.items()}
        self.role = LEADER
        self.asked: list[str] = []

    def answer(self, request: JSONObject) -> ScriptedAnswer:
        """What comes next. Of the turns that look, what the ``request`` shows already is left out. Raises ScriptEnded."""
        said = next(self._looks(conversation(request)), None) if self.role == LEADER else None
        said = said or next(self._left.get(self.role, iter(())), None)
        if said is None:
            raise ScriptEnded(f"The {self.role} was asked more often than was written.")
        self.asked.append(self.role)
        return said

    def _looks(self, said: str) -> Iterator[ScriptedAnswer]:
        while self._turns:
            turn = unseen(self._turns.pop(0), self._root, said)
            if turn.look or turn.run:
                yield for_planner(turn)


class RoleModel:
    """A model that says whose request comes next before it makes it."""

    def __init__(self, model: Model, scripts: RoleScripts) -> None:
        self.name = model.name
        self._model = model
        self._scripts = scripts

    def profile(self, role: str) -> ModelProfile:
        return self._model.profile(role)

    def estimate(self, request: ModelRequest) -> CallEstimate:
        return self._model.estimate(request)

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        self._scripts.role = request.role
        return await self._model.complete(request, on_text)

    async def aclose(self) -> None:
        await self._model.aclose()


class TimedSandbox:
    """A sandbox with a watch on what runs in it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.seconds = 0.0

    async def install(self, part: ProjectPart, *, timeout: float = 600) -> CommandResult | None:
        begun = time.monotonic()
        try:
            return await self._sandbox.install(part, timeout=timeout)
        finally:
            self.seconds += time.monotonic() - begun

    async def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float = 300,
        directory: str = "",
        environment: Mapping[str, str] | None = None,
        reports: Sequence[str] = (),
        hide_secrets: bool = False,
    ) -> CommandResult:
        begun = time.monotonic()
        try:
            return await self._sandbox.run(
                argv, timeout=timeout, directory=directory, environment=environment, reports=reports, hide_secrets=hide_secrets
            )
        finally:
            self.seconds += time.monotonic() - begun


async def attempt_with_ours(
    place: CasePlace, cache: Path, count: Count, *, keep: Path | None = None, apart: bool = False
) -> SessionAttempt:
    """Works in a copy of ``place.root``: what its people's set-up has left there must not be found. ``agent.runtime.bootstrap``
    must have run in this process. ``apart``: `finish` is in an answer of its own."""
    root = place.root.with_name("apart" if apart else "ours")
    shutil.copytree(place.root, root, symlinks=True, ignore=_set_up)
    scripts = RoleScripts(place.case, root, apart=apart)
    endpoint = ScriptedEndpoint(scripts.answer)
    sandbox = TimedSandbox(open_sandbox(root, cache=cache))
    begun = time.monotonic()
    with serve(endpoint):
        why = await _run(place.case, root, _ports(endpoint.url, scripts, sandbox, root, cache))
    own = time.monotonic() - begun - sandbox.seconds - endpoint.seconds
    why = "; ".join(endpoint.problems) or why or place.judge(patch_of(root))
    if keep and not apart:
        write(keep / f"{place.case.name}.json", json.dumps(endpoint.requests, indent=1))
    cost = measure_prompts(endpoint.requests, count)
    return SessionAttempt(OURS_APART if apart else OURS, not why, cost, own, why, scripts.asked)


def _ports(url: str, scripts: RoleScripts, sandbox: TimedSandbox, root: Path, cache: Path) -> Ports:
    model = RoleModel(open_models(ModelSettings("openai", MODEL, api_key="scripted", base_url=url)), scripts)
    watch = AttemptWatch()
    return Ports(model, watch, MemoryJournal(watch, root), sandbox, LocalBudget(), CancelFlag(), map_cache=cache / "maps")


async def _run(case: SessionCase, root: Path, ports: Ports) -> str:
    """Why it did not come to an end, in a sentence; empty where it did."""
    spec = TaskSpec(case.task, output_mode="patch_existing")
    try:
        draft = await draft_plan(spec, root, ports)
        outcome = await carry_out(spec, draft, root, ports)
    except (AgentError, Interrupted) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        await ports.model.aclose()
    left = outcome.review["comments"]
    return f"The review left: {left}" if left else ""


def _set_up(directory: str, names: list[str]) -> list[str]:
    return [
        name
        for name in names
        if name in ("node_modules", "package-lock.json", "__pycache__", "build") or name.endswith(".egg-info")
    ]
