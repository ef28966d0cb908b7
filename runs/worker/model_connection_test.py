"""Tests a model connection: a small real call with a tool to each of its models. Failures are described as in runs."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from typing import Any

from django.db import connection as database

from agent.errors import ModelFailed
from agent.models import ModelSettings, ToolsUnsupported, open_models
from agent.ports import Model, ModelRequest, ToolSpec
from mgx_project.common.errors import Conflict
from workspaces.models import ModelConnection

from .model_connection import settings_of

SECONDS = 15.0
"""The time limit of the whole test."""
AT_ONCE = 4
"""The most concurrent tests in this process: each holds one of its threads."""
PROMPT = "This is a test of the connection. Call the tool `ready`. If you have no such tool, answer with the one word: ready"
TOOL = ToolSpec("ready", "Says that the connection works.", {"type": "object", "properties": {}})

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
        tried = await asyncio.gather(*(_try(model, name, settings.native_tools is not False) for name in names))
    finally:
        await model.aclose()
    answers = {took for _, took in tried if took is not None}
    return [result for result, _ in tried], (all(answers) if answers else None)


async def _try(model: Model, name: str, with_tool: bool) -> tuple[dict[str, Any], bool | None]:
    """One model, and whether it called the tool; None where that was not tried or did not come to an answer."""
    began = time.monotonic()
    request = ModelRequest(
        key="test", role=name, action="Test", messages=[{"role": "user", "content": PROMPT}], task="", max_tokens=500,
        tools=(TOOL,) if with_tool else (),
    )  # fmt: skip
    refused = False
    try:
        async with asyncio.timeout(SECONDS):
            try:
                completion = await model.complete(request, lambda text: None)
            except ToolsUnsupported:
                refused = True
                completion = await model.complete(replace(request, tools=()), lambda text: None)
    except ModelFailed as error:
        return _failure(name, error), None
    except TimeoutError:
        late = ModelFailed(
            f"{name} did not answer within {SECONDS:g} s.",
            hint="A model that has to be loaded first may be faster the second time. Otherwise check the endpoint.",
            code="model_timeout",
        )
        return _failure(name, late), None
    ms = round((time.monotonic() - began) * 1000)
    called = bool(completion.tool_calls)
    said = f"{name} answered in {ms:,} ms"
    if with_tool:
        said += (
            " and called the test tool"
            if called
            else ", but its endpoint does not support tool calls: tools are described in the prompt instead"
            if refused
            else ", but did not call the test tool: tools are described in the prompt instead"
        )
    took = None if not with_tool else called
    return _success(name, ms, completion.tokens_in + completion.tokens_out, f"{said}."), took


def _success(name: str, ms: int, tokens: int, detail: str) -> dict[str, Any]:
    return {"ok": True, "code": "", "detail": detail, "hint": "", "model": name, "latency_ms": ms, "tokens": tokens}


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
