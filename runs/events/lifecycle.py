"""A run begins, pauses, goes on and ends."""

from __future__ import annotations

from typing import Any

from workspaces.event_registry import EventData, register


@register("run_queued")
class RunQueued(EventData):
    run_number: int
    auto_approve: bool = False
    parent_run_id: str | None = None


@register("progress")
class Progress(EventData):
    phase: str
    step: int
    total_steps: int
    percent: int


@register("paused", "budget_warning")
class Stopped(EventData):
    """``reason`` is one of budget, loop, sandbox, provider, question, worker (two worker processes died in the same step),
    version (this server can't replay what an earlier one has recorded; the run can plan again)."""

    reason: str
    detail: str = ""
    hint: str = ""


@register("resumed")
class Resumed(EventData):
    """``message`` and ``budget`` are what the person said to the team and which caps they set (null removes one),
    ``plan_again`` whether the run plans again from what is done so far."""

    by: str
    fence: int | None = None
    message: str = ""
    budget: dict[str, Any] = {}
    plan_again: bool = False


@register("recovered")
class Recovered(EventData):
    by: str
    fence: int


class RunUsage(EventData):
    tokens_in: int
    tokens_out: int
    calls: int
    cached_calls: int = 0
    cost_usd: str | None


@register("completion")
class Completion(EventData):
    results: dict[str, Any]
    git_metadata: dict[str, Any]
    usage: RunUsage


class ErrorDetail(EventData):
    code: str
    detail: str
    hint: str = ""


@register("failure")
class Failure(EventData):
    error: ErrorDetail


@register("cancelled")
class By(EventData):
    by: str
