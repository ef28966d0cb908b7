"""Prompt tokens of a run's requests, counted the same way for whoever sent them.

A request is written as one text: its tools, then its messages in order, as providers read them for their caches. With the
encoding at hand (it comes with mini-swe-agent's packages) tokens are those of ``cl100k_base``, else our estimate.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from agent.ports import JSONObject
from agent.token_estimates import estimate_tokens

Count = Callable[[str], int]


@dataclass(frozen=True)
class PromptCost:
    """``total``: tokens of all prompts. ``unique``: of each those behind what it shares with the one before. ``shares``: how
    much of each request is the beginning of the next, from 0 to 1."""

    calls: int
    total: int
    unique: int
    shares: Sequence[float]


def estimated(text: str) -> int:
    return estimate_tokens([text])


def encoding(folder: Path) -> Count:
    """By the encoding that litellm keeps in ``folder``."""
    before = os.environ.get("TIKTOKEN_CACHE_DIR")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    try:
        import tiktoken

        encode = tiktoken.get_encoding("cl100k_base").encode_ordinary
    finally:
        del os.environ["TIKTOKEN_CACHE_DIR"]
        if before is not None:
            os.environ["TIKTOKEN_CACHE_DIR"] = before
    return lambda text: len(encode(text))


def measure_prompts(requests: Sequence[JSONObject], count: Count) -> PromptCost:
    texts = [written(request) for request in requests]
    shared = [count(_shared(*pair)) for pair in pairwise(texts)]
    tokens = [count(text) for text in texts]
    shares = [min(1.0, part / before) for part, before in zip(shared, tokens, strict=False)]
    return PromptCost(len(texts), sum(tokens), sum(tokens) - sum(shared), shares)


def written(request: JSONObject) -> str:
    """Ids of calls are left out: they are the server's, and no two agree on their length."""
    parts = [json.dumps(request["tools"], ensure_ascii=False)]
    for message in request["messages"]:
        parts.append(f"<{message['role']}>")
        content = message.get("content") or ""
        parts.append(content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content))
        for call in message.get("tool_calls") or ():
            parts.append(f"{call['function']['name']} {call['function']['arguments']}")
    return "\n".join(parts)


def _shared(before: str, after: str) -> str:
    end = next(
        (at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), min(len(before), len(after))
    )
    return before[:end]
