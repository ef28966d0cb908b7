"""What a run does, as spans: its phases, its steps, calls of models (OpenTelemetry's conventions for generative AI, 1.37) and
commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from agent.call_estimates import CallEstimate
from agent.ports import CommandResult, Model, ModelCompletion, ModelProfile, ModelRequest
from agent.projects.model import ProjectPart
from agent.sandbox.workdir import WorkdirSandbox
from mgx_project.common import traces

from ..models import TaskRun

MAX_PROGRAM = 80
"""Characters of a program's name: projects and models write it."""


def waited(run: TaskRun) -> None:
    """The span of its wait for its first worker, at the end of it."""
    if run.fence == 1:
        with traces.span("wait for a worker", _ids(run), kind="consumer", parent=run.traceparent, began=run.created_at):
            pass


async def phase(run: TaskRun, act: Callable[[], Awaitable[TaskRun]]) -> TaskRun:
    """``act``, a phase of ``run``, within its span."""
    known = _ids(run) | {"mgx.run.fence": run.fence}
    with traces.span(f"run {run.status}", known, kind="consumer", parent=run.traceparent):
        left = await act()
        traces.note({"mgx.run.status": left.status})
        return left


def _ids(run: TaskRun) -> dict[str, str | int]:
    return {
        "mgx.workspace.id": str(run.workspace_id),
        "mgx.project.id": str(run.project_id),
        "mgx.task.id": str(run.task_id),
        "mgx.run.id": str(run.pk),
        "mgx.run.number": run.run_number,
    }


def model(plain: Model) -> Model:
    return TracedModel(plain.name, plain) if traces.enabled else plain


def sandbox(plain: WorkdirSandbox) -> WorkdirSandbox | TracedSandbox:
    return TracedSandbox(plain) if traces.enabled else plain


@dataclass
class TracedModel:
    name: str
    model: Model

    def profile(self, role: str) -> ModelProfile:
        return self.model.profile(role)

    def estimate(self, request: ModelRequest) -> CallEstimate:
        return self.model.estimate(request)

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        wanted = self.model.profile(request.role).model
        known: dict[str, str | int] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": wanted,
            "gen_ai.agent.name": request.role,
        }
        provider, _, named = wanted.partition("/")
        if named:
            known["gen_ai.provider.name"] = provider
        if request.max_tokens:
            known["gen_ai.request.max_tokens"] = request.max_tokens
        with traces.span(f"chat {wanted}", known, kind="client"):
            answer = await self.model.complete(request, on_text)
            traces.note(
                {
                    "gen_ai.response.model": answer.model,
                    "gen_ai.response.finish_reasons": [answer.finish_reason],
                    "gen_ai.usage.input_tokens": answer.tokens_in,
                    "gen_ai.usage.output_tokens": answer.tokens_out,
                }
            )
            return answer

    async def aclose(self) -> None:
        await self.model.aclose()


@dataclass(frozen=True)
class TracedSandbox:
    sandbox: WorkdirSandbox

    async def install(self, part: ProjectPart, *, timeout: float = 600) -> CommandResult | None:
        with traces.span("install", {"mgx.part.language": part.language}):
            result = await self.sandbox.install(part, timeout=timeout)
            if result is not None:
                _ended(result)
            return result

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
        program = PurePosixPath(argv[0]).name[:MAX_PROGRAM] if argv else ""
        options: dict[str, Any] = {"environment": environment, "reports": reports, "hide_secrets": hide_secrets}
        with traces.span(f"command {program}", {"process.executable.name": program}):
            result = await self.sandbox.run(argv, timeout=timeout, directory=directory, **options)
            _ended(result)
            return result

    def close(self) -> None:
        self.sandbox.close()


def _ended(result: CommandResult) -> None:
    """A command that fails is often what was asked (a test that is to fail): no error of the span."""
    traces.note({"process.exit.code": result.exit_code, "mgx.command.timed_out": result.timed_out})
