"""Kinds of failed calls that a caller must tell apart, besides the classes of ``agent.errors``."""

from __future__ import annotations

from typing import Self

from agent.errors import ModelFailed


class ModelUnavailable(ModelFailed):
    """The endpoint was unreachable, broken, or silent: the same call may succeed later, so the run pauses."""

    code = "model_unavailable"

    repeatable = False
    """Whether it makes sense to repeat the call at once."""

    @classmethod
    def billable(cls, detail: str, *, hint: str = "", code: str | None = None) -> Self:
        """Of an endpoint that had the whole prompt."""
        made = cls(detail, hint=hint, code=code)
        made.unanswered = 1
        return made


class ModelBroken(ModelUnavailable):
    """A server error or a refused connection, as they pass by themselves within seconds."""

    repeatable = True


class ToolsUnsupported(ModelFailed):
    """The endpoint takes no native tool calls for this model.

    From then on the model's ``profile`` says ``native_tools=False``; ask the same again by the text protocol. Since that
    happens while a call is made, nothing that a replay must find again may depend on ``native_tools``: keep it inside the step.
    """

    code = "tools_unsupported"
