"""Answers of a model kept in files, and a model that answers from them: a run without a model that ends the same every time.

An answer is found by the journal key of its call (``execute/write/0``), never by the prompt's text: a better prompt does not
make a recording stale, only another course of calls does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from agent.errors import ModelFailed
from agent.models.prices import estimate_call
from agent.ports import CallEstimate, JSONObject, Model, ModelCompletion, ModelProfile, ModelRequest

FORMAT = 1
KEPT = ("text", "finish_reason", "tokens_in", "tokens_out", "tokens_cached", "cost_usd", "tool_calls")
PIECE = 400
"""Characters per piece of a replayed answer, so that watchers see it arrive."""


class RecordingFailed(ModelFailed):
    code = "not_recorded"


class RecordingModel:
    """Passes every call on to ``inner`` and keeps its answers in ``answers``."""

    def __init__(self, inner: Model) -> None:
        self.inner = inner
        self.name = inner.name
        self.answers: dict[str, JSONObject] = {}
        self._profile: ModelProfile | None = None

    def profile(self, role: str) -> ModelProfile:
        self._profile = self.inner.profile(role)
        return self._profile

    def estimate(self, request: ModelRequest) -> CallEstimate:
        return self.inner.estimate(request)

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        completion = await self.inner.complete(request, on_text)
        said = completion.to_json()
        self.answers[request.key] = {key: said[key] for key in KEPT if said[key] not in (None, 0, (), [], "stop")}
        return completion

    async def aclose(self) -> None:
        await self.inner.aclose()

    def save(self, path: Path, *, case: str, patch_sha256: str) -> None:
        """Writes the recording of one case; ``patch_sha256`` is what replaying it must give."""
        profile = self._profile or self.inner.profile("engineer")
        told = {
            "format": FORMAT,
            "case": case,
            "model": self.name,
            "profile": {"native_tools": profile.native_tools, "edit_format": profile.edit_format},
            "patch_sha256": patch_sha256,
            "answers": dict(sorted(self.answers.items())),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8", newline="\n")


class ReplayModel:
    """Answers from the recording at ``path``. Raises ``RecordingFailed`` where there is none, or it can't be used."""

    def __init__(self, path: Path) -> None:
        try:
            data: dict[str, Any] = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise RecordingFailed(f"The recording {path} can't be read: {error}.", hint=_again(path.stem)) from error
        if data.get("format") != FORMAT:
            raise RecordingFailed(f"The recording {path} is of another format.", hint=_again(path.stem))
        self.case = path.stem
        self.name: str = data["model"]
        self.patch_sha256: str = data["patch_sha256"]
        self._profile: JSONObject = data["profile"]
        self._answers: dict[str, JSONObject] = data["answers"]

    def profile(self, role: str) -> ModelProfile:
        return ModelProfile(self.name, **self._profile)

    def estimate(self, request: ModelRequest) -> CallEstimate:
        return estimate_call(request, None)

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        await asyncio.sleep(0)  # gives way once, as a real endpoint would
        said = self._answers.get(request.key)
        if said is None:
            raise RecordingFailed(
                f"The recording of {self.case} holds no answer to {request.key}: the run took another course.",
                hint=_again(self.case),
            )
        text = said.get("text", "")
        for start in range(0, len(text), PIECE):
            on_text(text[start : start + PIECE])
        cost = said.get("cost_usd")
        return ModelCompletion(
            text,
            self.name,
            said.get("tokens_in", 0),
            said.get("tokens_out", 0),
            None if cost is None else Decimal(cost),
            finish_reason=said.get("finish_reason", "stop"),
            tool_calls=said.get("tool_calls", ()),
            tokens_cached=said.get("tokens_cached", 0),
        )

    async def aclose(self) -> None:
        """Holds nothing."""


def _again(case: str) -> str:
    return f"Record it again: python -m evals run --case {case} --model NAME --record DIR."
