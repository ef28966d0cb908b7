"""Asks one model what a run would ask it: instructions, an offer of tools, a second turn with a result, and a long prompt.

A model that answers a single short question may still refuse each of these, and then every run with it fails at its first look
around. The long prompt shows what nothing else tells: that the endpoint cuts prompts to its window without saying so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from agent.errors import ContextOverflow, ModelFailed
from agent.models import ToolsUnsupported
from agent.models.truncation import describe_cut
from agent.ports import ChatMessage, Model, ModelCompletion, ModelRequest, ToolSpec

log = structlog.stdlib.get_logger(__name__)

SYSTEM = "You are part of a test of a model connection. Do exactly what the user says, and no more."
PROMPT = "This is a test of the connection. Call the tool `ready`. If you have no such tool, answer with the one word: ready"
RESULT = "The connection works. Answer with the one word: ready"
TOOL = ToolSpec("ready", "Says that the connection works.", {"type": "object", "properties": {}})
LONG_WORDS = 10_000
"""Of the long prompt, each a token at least: more than the windows that local servers open by themselves (4,096 and 8,192)."""
LONG_PROMPT = "\n\nThis was a long text without a meaning. Answer with the one word: ready"


@dataclass(frozen=True)
class Trial:
    """``called`` says whether the model called the tool, None where none was offered; ``refused`` whether its endpoint takes
    no tool calls. ``note`` and ``hint`` are about the long prompt, "" where there is nothing to say or no time was left."""

    ms: int
    tokens: int
    called: bool | None
    refused: bool = False
    note: str = ""
    hint: str = ""


async def try_model(model: Model, name: str, *, with_tool: bool, long_words: int, seconds: float) -> Trial:
    """``name`` is also the role that it is asked in, ``long_words`` the length of the long prompt (0: none), which is tried in
    what is left of ``seconds``. Raises ModelFailed, and TimeoutError where the first two turns take longer than ``seconds``."""
    began = time.monotonic()
    request = ModelRequest(
        key="test",
        role=name,
        action="Test",
        messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": PROMPT}],
        task="",
        max_tokens=500,
        tools=(TOOL,) if with_tool else (),
    )
    async with asyncio.timeout(seconds):
        trial = await _turns(model, request)
    if not long_words:
        return trial
    note, hint, tokens = await _long_prompt(model, request, long_words, seconds - (time.monotonic() - began))
    return replace(trial, note=note, hint=hint, tokens=trial.tokens + tokens)


async def _turns(model: Model, request: ModelRequest) -> Trial:
    began = time.monotonic()
    refused = False
    try:
        first = await model.complete(request, _silent)
    except ToolsUnsupported:
        refused = True
        request = replace(request, tools=())
        first = await model.complete(request, _silent)
    ms, tokens = round((time.monotonic() - began) * 1000), _tokens(first)
    called = bool(first.tool_calls) and not refused
    if called:
        try:
            second = await model.complete(replace(request, messages=_with_results(request.messages, first)), _silent)
            tokens += _tokens(second)
        except ToolsUnsupported:
            called, refused = False, True
    return Trial(ms, tokens, called if request.tools or refused else None, refused)


async def _long_prompt(model: Model, request: ModelRequest, words: int, seconds: float) -> tuple[str, str, int]:
    """What is to be said of it and done about it, and the tokens that it took."""
    long: list[ChatMessage] = [request.messages[0], {"role": "user", "content": "word " * words + LONG_PROMPT}]
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            completion = await model.complete(replace(request, messages=long, tools=(), max_tokens=50), _silent)
    except ContextOverflow as error:
        hint = "Set --context-tokens of the model connection to its window, so that prompts are shortened to fit."
        return f"A prompt of about {words:,} tokens is too long for it: {error.detail}", hint, 0
    except (ModelFailed, TimeoutError) as error:
        log.info("the long prompt of a connection's test got no answer", model=request.role, error=str(error))
        return "", "", 0
    if completion.prompt_cut is None:
        return "", "", _tokens(completion)
    return *describe_cut(request.role, completion.prompt_cut), _tokens(completion)


def _with_results(messages: Sequence[ChatMessage], completion: ModelCompletion) -> list[ChatMessage]:
    asked: ChatMessage = {"role": "assistant", "content": completion.text, "tool_calls": completion.tool_calls}
    results: list[ChatMessage] = [
        {"role": "tool", "tool_call_id": call["id"], "content": RESULT} for call in completion.tool_calls
    ]
    return [*messages, asked, *results]


def _tokens(completion: ModelCompletion) -> int:
    return completion.tokens_in + completion.tokens_out


def _silent(text: str) -> None:
    """Nobody reads along."""
