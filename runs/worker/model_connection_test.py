"""Tests a model connection: asks each of its models what a run would (`model_trial`). Failures are described as in runs."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import Any

from django.db import connection as database

from agent.errors import ModelFailed
from agent.models import ModelSettings, open_models
from agent.ports import Model
from mgx_project.common.errors import Conflict
from workspaces.models import ModelConnection

from .model_connection import settings_of
from .model_trial import LONG_WORDS, Trial, try_model

SECONDS = 15.0
"""The time limit of the whole test."""
AT_ONCE = 4
"""The most concurrent tests in this process: each holds one of its threads."""

_free = threading.BoundedSemaphore(AT_ONCE)


def try_connection(*, connection: ModelConnection, **_: Any) -> dict[str, Any]:
    """{ok, code, detail, hint, model, latency_ms, tokens, native_tools, context_tokens, models[]}; ``native_tools`` None is not
    known, ``models`` has the first six of it for each model. Never raises for the endpoint's sake.

    Takes SECONDS at most, without a database connection. Raises Conflict while AT_ONCE others are at it.
    """
    if not _free.acquire(blocking=False):
        raise Conflict("Too many connections are being tested at the moment. Try again in a few seconds.", code="busy")
    try:
        try:
            settings = settings_of(connection)
        except ModelFailed as error:
            return _answer(connection, [_failure(connection.model, error)], None)
        if not database.in_atomic_block:
            database.close()  # back to the pool: an endpoint may take its time
        results, native_tools = asyncio.run(_try_all(settings))
        return _answer(connection, results, native_tools)
    finally:
        _free.release()


async def _try_all(settings: ModelSettings) -> tuple[list[dict[str, Any]], bool | None]:
    if settings.kind == "offline":
        return [_success("offline", 0, 0, "The offline model needs no endpoint.")], None
    names = list(dict.fromkeys([settings.model, *settings.role_models.values()]))
    # each model is asked in a role of its own name
    roles = {name: name for name in names}
    try:
        model = open_models(replace(settings, role_models=roles, timeout=SECONDS, stall_timeout=SECONDS, max_retries=0))
    except ModelFailed as error:
        return [_failure(settings.model, error)], None
    try:
        tried = await asyncio.gather(*(_try(model, name, settings) for name in names))
    finally:
        await model.aclose()
    answers = {took for _, took in tried if took is not None}
    return [result for result, _ in tried], (all(answers) if answers else None)


async def _try(model: Model, name: str, settings: ModelSettings) -> tuple[dict[str, Any], bool | None]:
    """One model, and whether it called the tool; None where that was not tried or did not come to an answer."""
    with_tool = settings.native_tools is not False
    try:
        trial = await try_model(model, name, with_tool=with_tool, long_words=_long_words(settings), seconds=SECONDS)
    except ModelFailed as error:
        return _failure(name, error), None
    except TimeoutError:
        late = ModelFailed(
            f"{name} did not answer within {SECONDS:g} s.",
            hint="A model that has to be loaded first may be faster the second time. Otherwise check the endpoint.",
            code="model_timeout",
        )
        return _failure(name, late), None
    return _success(name, trial.ms, trial.tokens, _described(name, trial), trial.hint), trial.called


def _long_words(settings: ModelSettings) -> int:
    """The length of the prompt that shows whether the endpoint cuts prompts: within the window that is known, for a run keeps
    to that; 0 where none is sent. Servers of one's own cut; the providers do not, and long prompts cost something there."""
    window, minute = settings.context_tokens, settings.tokens_per_minute
    words = LONG_WORDS if window is None else min(LONG_WORDS, window * 6 // 10)
    return words if settings.base_url and (minute is None or minute > 4 * words) else 0


def _described(name: str, trial: Trial) -> str:
    said = f"{name} answered in {trial.ms:,} ms"
    if trial.called is not None:
        said += (
            " and called the test tool"
            if trial.called
            else ", but its endpoint does not support tool calls: tools are described in the prompt instead"
            if trial.refused
            else ", but did not call the test tool: tools are described in the prompt instead"
        )
    return f"{said}. {trial.note}".strip()


def _success(name: str, ms: int, tokens: int, detail: str, hint: str = "") -> dict[str, Any]:
    """``hint`` is about what works worse than it might."""
    return {"ok": True, "code": "", "detail": detail, "hint": hint, "model": name, "latency_ms": ms, "tokens": tokens}


def _failure(name: str, error: ModelFailed) -> dict[str, Any]:
    said = {"code": error.code, "detail": error.detail, "hint": error.hint}
    return {"ok": False, **said, "model": name, "latency_ms": None, "tokens": None}


def _answer(connection: ModelConnection, results: list[dict[str, Any]], native_tools: bool | None) -> dict[str, Any]:
    """The result of the first failed model, or else of the connection's own model."""
    failed = next((result for result in results if not result["ok"]), None)
    known = connection.native_tools if native_tools is None else native_tools
    return {
        **(failed or results[0]),
        "native_tools": known,
        "context_tokens": connection.context_tokens,
        "models": results,
    }
