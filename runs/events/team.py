"""The team at work: its roles, their model calls and tools, and what people tell them."""

from __future__ import annotations

from workspaces.event_registry import EventData, register


@register("role_message")
class RoleMessage(EventData):
    role: str
    action: str


@register("model_call")
class ModelCall(EventData):
    role: str
    action: str
    model: str
    tokens_in: int
    tokens_out: int
    cost_usd: str | None
    duration_ms: int
    cached: bool = False
    condensed: list[str] = []
    """What was left out of the prompt because it exceeded the model's context window."""


@register("model_warning")
class ModelWarning(EventData):
    """``code`` is prompt_cut: the endpoint read only a part of a prompt and did not say so. Once for each model and phase."""

    model: str
    code: str
    detail: str
    hint: str = ""


@register("model_output")
class ModelOutput(EventData):
    role: str
    text: str


@register("tool_called")
class ToolCalled(EventData):
    """A role called a tool. ``arguments`` are shortened to about 200 characters."""

    role: str
    tool: str
    arguments: str
    ok: bool
    duration_ms: int


@register("steered")
class Steered(EventData):
    """``answers`` is the team's question that was answered, or ""."""

    by: str
    message: str
    answers: str = ""
