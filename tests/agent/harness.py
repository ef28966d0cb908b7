"""A run's surroundings in this process: events are checked against the server's catalogue, commands answer by a table."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.in_memory import CancelFlag, LocalBudget, MemoryJournal, Step
from agent.models.prices import estimate_call
from agent.pipeline import carry_out, draft_plan
from agent.ports import (
    CallEstimate,
    CommandResult,
    JSONObject,
    Model,
    ModelCompletion,
    ModelProfile,
    ModelRequest,
    Outcome,
    PlanDraft,
    Ports,
    TaskSpec,
)
from agent.projects import ProjectPart
from agent.token_estimates import estimate_tokens
from workspaces.event_registry import validated

PASSED = "3 passed in 0.01s"
FAILED = "E   assert 1 == 2\n1 failed, 2 passed in 0.01s"


class RecordingSink:
    def __init__(self) -> None:
        self.events: list[tuple[str, JSONObject]] = []
        self.texts: list[tuple[str, str]] = []

    async def emit(self, type: str, data: JSONObject, message: str = "") -> None:
        assert message, f"{type} says nothing to people"
        self.events.append((type, validated(type, data)))

    def text(self, role: str, text: str) -> None:
        self.texts.append((role, text))

    def of(self, type: str) -> list[JSONObject]:
        return [data for name, data in self.events if name == type]

    @property
    def types(self) -> list[str]:
        return [name for name, _ in self.events]


@dataclass
class TableSandbox:
    """Runs nothing: ``tests`` are the outputs of the test command in turn, the last one for ever, or a function giving one."""

    tests: Sequence[str] | Callable[[], str] = (PASSED,)
    install_exit: int = 0
    available: bool = True
    error: Exception | None = None
    ran: list[str] = field(default_factory=list)

    async def install(self, part: ProjectPart, *, timeout: float = 600) -> CommandResult | None:
        self.ran.append(f"install {part.package_manager}")
        return CommandResult(("uv", "pip", "install"), self.install_exit, 5, "installed")

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
        if self.error is not None:
            raise self.error
        self.ran.append(" ".join(argv))
        if "pytest" not in argv:
            return CommandResult(tuple(argv), 0, 1, "")
        if not self.available:
            return CommandResult(tuple(argv), 127, 1, "python is not available here.", available=False)
        turn = sum("pytest" in command for command in self.ran) - 1
        tail = self.tests() if callable(self.tests) else self.tests[min(turn, len(self.tests) - 1)]
        return CommandResult(tuple(argv), int(" failed" in tail), 5, tail)


class PlainModel:
    """What a model of a test needs besides ``complete``: no price, no native tools, nothing to close."""

    name = "scripted"

    def profile(self, role: str) -> ModelProfile:
        return ModelProfile(self.name, native_tools=False)

    def estimate(self, request: ModelRequest) -> CallEstimate:
        return estimate_call(request, None)

    async def aclose(self) -> None:
        """Holds nothing."""


class ScriptedModel(PlainModel):
    """A model in this process that answers by a script, as the scripted server does."""

    def __init__(self, script: Callable[[list[Any]], Any]) -> None:
        self.script = script
        self.requests: list[ModelRequest] = []

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        self.requests.append(request)
        await asyncio.sleep(0)
        said = self.script(list(request.messages))
        text, reason = (said, "stop") if isinstance(said, str) else (said.text, said.finish_reason)
        on_text(text)
        asked = estimate_tokens(message["content"] for message in request.messages)
        return ModelCompletion(text, self.name, asked, estimate_tokens([text]), finish_reason=reason)


class Harness:
    def __init__(self, root: Path, model: Model, *, sandbox: Any = None, steps: Mapping[str, Step] | None = None) -> None:
        self.root = root
        self.model = model
        self.sink = RecordingSink()
        self.sandbox = sandbox or TableSandbox()
        self.journal = MemoryJournal(self.sink, root, steps, keep_trees=True)
        self.budget = LocalBudget()
        self.switch = CancelFlag()
        self.ports = Ports(model, self.sink, self.journal, self.sandbox, self.budget, self.switch)

    async def plan(self, spec: TaskSpec, **options: Any) -> PlanDraft:
        return await draft_plan(spec, self.root, self.ports, **options)

    async def run(self, spec: TaskSpec) -> Outcome:
        return await carry_out(spec, await self.plan(spec), self.root, self.ports)


def make_repository(root: Path, files: Mapping[str, str]) -> Path:
    """A git repository with one commit of ``files``."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-q", "-m", "first")
    return root


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True).stdout
