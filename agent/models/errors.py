"""The one thing a caller must tell apart about a failed call: whether waiting can help."""

from __future__ import annotations

from agent.errors import ModelFailed


class ModelUnavailable(ModelFailed):
    """The endpoint was unreachable, broken, or silent: the same call may succeed later, so the run pauses."""

    code = "model_unavailable"
