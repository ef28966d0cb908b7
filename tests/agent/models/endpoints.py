"""One call to a scripted endpoint, for the tests of this directory."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from agent.errors import ModelFailed
from agent.models import ModelSettings, open_models
from agent.ports import Model, ModelCompletion, ModelRequest, ToolSpec
from tests.support.patience import SOON
from tests.support.scripted_openai import Script, ScriptedOpenAI, serve

KEY = "sk-very-secret-key-123456"
REQUEST = ModelRequest("k", "engineer", "WriteCode", [{"role": "user", "content": "Say hello" * 20}], "task", max_tokens=150)
READ = ToolSpec("read_file", "Shows a file.", {"type": "object", "properties": {"path": {"type": "string"}}})


def silent(text: str) -> None:
    """Nobody reads along."""


def settings_for(server: ScriptedOpenAI, **options: Any) -> ModelSettings:
    return ModelSettings(
        "openai", **{"model": "scripted", "api_key": KEY, "base_url": server.url, "first_delay": 0.01, **options}
    )


def open_to(server: ScriptedOpenAI, **options: Any) -> Model:
    return open_models(settings_for(server, **options))


async def ask(
    script: Script, on_text: Callable[[str], None] = silent, *, request: ModelRequest = REQUEST, **options: Any
) -> ModelCompletion:
    """Without repeats, unless ``max_retries`` says otherwise."""
    with serve(script) as server:
        model = open_to(server, **{"max_retries": 0, **options})
        try:
            return await model.complete(request, on_text)
        finally:
            await model.aclose()


async def failure(script: Script, *, request: ModelRequest = REQUEST, **options: Any) -> ModelFailed:
    with pytest.raises(ModelFailed) as failed:
        await ask(script, request=request, **options)
    return presentable(failed.value)


async def cancel_when_asked(model: Model, asked: threading.Event) -> None:
    """Cancels a call that the endpoint would hold for an hour."""
    call = asyncio.create_task(model.complete(REQUEST, silent))
    assert await asyncio.to_thread(asked.wait, SOON)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(call, SOON)
    await model.aclose()


def presentable(error: ModelFailed) -> ModelFailed:
    """Says what to do, and tells no key."""
    assert error.hint
    assert KEY not in f"{error.detail} {error.hint}"
    assert "Error code:" not in error.detail
    return error
