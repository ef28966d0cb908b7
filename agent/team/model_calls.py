"""All model calls of a phase go through `ModelCalls`: the journal first, then everything else (`agent.team.model_client`)."""

from __future__ import annotations

from agent.models.truncation import describe_cut
from agent.ports import JSONObject, ModelCompletion, ModelRequest, Ports, StepEvent
from agent.team.loop_detection import Loops
from agent.team.model_client import ModelClient, ModelResponse


class ModelCalls:
    """The model calls of one phase of one run. ``cut_files`` are the files that no longer were shown in full, last;
    ``was_cut`` says that the last prompt was; ``warnings`` is what people must know of the models' endpoints, by model."""

    def __init__(self, ports: Ports, loops: Loops | None = None) -> None:
        self._ports = ports
        self._client = ModelClient(ports)
        self._loops = loops or Loops()
        self.made: list[ModelCompletion] = []
        self.cut_files: set[str] = set()
        self.was_cut = False
        self.warnings: dict[str, str] = {}

    async def complete(self, request: ModelRequest) -> ModelCompletion:
        """Raises ``Paused`` ('provider', 'budget', 'loop') where the run can go on later, else ``ModelFailed``."""
        self._ports.cancel.check()
        await self._ports.events.emit("role_message", {"role": request.role, "action": request.action}, _doing(request))

        async def act() -> JSONObject:
            return (await self._client.answer(request)).to_json()

        def announce(result: JSONObject) -> StepEvent:
            return _model_call(request, ModelResponse.from_json(result))

        result = await self._ports.journal.step(request.key, "model", request.inputs(), act, announce=announce)
        answered = ModelResponse.from_json(result)
        completion = answered.completion
        self.made.append(completion)
        self.cut_files |= set(answered.cut_files)
        self.was_cut = bool(answered.left_out)
        await self._warn(completion)
        if not completion.tool_calls:
            self._loops.record_answer(request.key if request.action == "WritePart" else request.role, completion.text)
        self._ports.cancel.check()
        return completion

    async def _warn(self, completion: ModelCompletion) -> None:
        """Once for each model and phase: its endpoint has cut the prompt."""
        if completion.prompt_cut is None or completion.model in self.warnings:
            return
        detail, hint = describe_cut(completion.model, completion.prompt_cut)
        self.warnings[completion.model] = f"{detail} {hint}"
        data = {"model": completion.model, "code": "prompt_cut", "detail": detail, "hint": hint}
        await self._ports.events.emit("model_warning", data, f"{detail} {hint}")


def _doing(request: ModelRequest) -> str:
    return {
        "DraftPlan": "The team leader plans the task",
        "WriteCode": "The engineer works on the change",
        "WritePart": "The engineer writes a part of the code",
        "ReviseCode": "The engineer revises the change",
        "WriteTest": "The tester writes tests",
        "ReviewCode": "The reviewer reads the change",
    }.get(request.action, f"The {request.role} works on {request.action}")


def _model_call(request: ModelRequest, answered: ModelResponse) -> StepEvent:
    completion = answered.completion
    data = completion.to_json()
    keys = ("model", "tokens_in", "tokens_out", "cost_usd", "duration_ms", "cached")
    tokens = completion.tokens_in + completion.tokens_out
    said = f"{request.action}: " + ("from the cache" if completion.cached else f"{tokens} tokens by {completion.model}")
    if answered.left_out:
        said += f"; the prompt was too long, so these parts were left out: {', '.join(answered.left_out)}"
    shown = {"role": request.role, "action": request.action, **{key: data[key] for key in keys}}
    return StepEvent("model_call", {**shown, "condensed": list(answered.left_out)}, said)
