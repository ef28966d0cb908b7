"""A model of the quirky endpoint, and a conversation with it as a run holds one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from agent.models import ModelSettings, open_models
from agent.ports import ChatMessage, Model, ModelCompletion, ModelRequest, ToolSpec
from tests.agent.models.endpoints import KEY, REQUEST, silent
from tests.support.quirky_endpoint import QuirkyEndpoint, serve

LIST = ToolSpec("list_files", "Lists the files.", {"type": "object", "properties": {}})
TALK: list[ChatMessage] = [{"role": "system", "content": "You write code."}, {"role": "user", "content": "Say hello."}]
ASKED = replace(REQUEST, messages=TALK)
WITH_TOOL = replace(ASKED, tools=(LIST,))


@asynccontextmanager
async def quirky(name: str, **options: Any) -> AsyncIterator[tuple[Model, QuirkyEndpoint]]:
    with serve() as endpoint:
        given = {"api_key": KEY, "base_url": endpoint.url, "max_retries": 0, **options}
        model = open_models(ModelSettings("openai", name, **given))
        try:
            yield model, endpoint
        finally:
            await model.aclose()


def with_results(request: ModelRequest, completion: ModelCompletion, result: str = "a.py") -> ModelRequest:
    """The next turn, as `agent.team.conversation` goes on."""
    asked: ChatMessage = {"role": "assistant", "content": completion.text, "tool_calls": completion.tool_calls}
    results: Sequence[ChatMessage] = [
        {"role": "tool", "tool_call_id": call["id"], "content": result} for call in completion.tool_calls
    ]
    return replace(request, messages=[*request.messages, asked, *results])


async def two_turns(model: Model, request: ModelRequest = WITH_TOOL) -> tuple[ModelCompletion, ModelCompletion]:
    first = await model.complete(request, silent)
    return first, await model.complete(with_results(request, first), silent)
