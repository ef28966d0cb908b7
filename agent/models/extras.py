"""What a provider sends beside the text and the tool calls of an answer, and wants back with the results of the tools.

Models that think must be given what they thought: DeepSeek's ``reasoning_content``, OpenRouter's ``reasoning_details``,
Gemini's ``extra_content.google.thought_signature`` of a call, Anthropic's thinking blocks with their signatures. Whatever the
fields are, they are put together as they are streamed, kept with the calls (``ToolCall.extra``), and sent back as they came, to
the same model alone. They are never shown, and no other conversation gets them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from agent.ports import JSONObject, ToolCall

MAX_EXTRAS = 256 * 1024
"""Characters of one answer; of more, nothing is kept: a part with its signature cut off is refused."""
MAX_DEPTH = 12
MAX_NUMBER = 2**53
SEARCHED = 16
"""The last parts of a list, among which one that goes on is looked for."""
TEXTS = frozenset(("reasoning_content", "reasoning", "thinking", "text", "summary", "content"))
"""Fields that are streamed in pieces; others come whole."""


class _Pieces(list[str]):
    """A text that is still coming."""


class Extras:
    """Fields as they come, merged. ``lost``: they were too many to be kept."""

    def __init__(self) -> None:
        self._fields: JSONObject = {}
        self._size = 0
        self.lost = False

    def add(self, fields: Mapping[str, Any] | None) -> None:
        if not fields or self.lost:
            return
        try:
            self._merge(self._fields, fields, 0)
        except OverflowError:
            self._fields, self.lost = {}, True

    def whole(self) -> JSONObject:
        found: JSONObject = _joined(self._fields)
        return found

    def _merge(self, into: JSONObject, fields: Mapping[str, Any], depth: int) -> None:
        for name, value in fields.items():
            if value is None or value in ("", [], {}):
                continue
            before = into.get(name)
            if isinstance(value, str) and name in TEXTS:
                self._count(len(value))
                if not isinstance(before, _Pieces):
                    before = into[name] = _Pieces()
                before.append(value)
            elif isinstance(value, dict):
                if not isinstance(before, dict):
                    before = into[name] = {}
                self._deeper(before, value, depth)
            elif isinstance(value, list):
                if not isinstance(before, list) or isinstance(before, _Pieces):
                    before = into[name] = []
                self._merge_list(before, value, depth)
            else:
                into[name] = self._plain(value)
            self._count(len(name))

    def _merge_list(self, into: list[Any], parts: list[Any], depth: int) -> None:
        for part in parts:
            if isinstance(part, dict):
                known = next((one for one in reversed(into[-SEARCHED:]) if _goes_on(one, part)), None)
                if known is None:
                    known = {}
                    into.append(known)
                self._deeper(known, part, depth)
            elif isinstance(part, list):
                inner: list[Any] = []
                into.append(inner)
                if depth < MAX_DEPTH:
                    self._merge_list(inner, part, depth + 1)
            elif part is not None:
                into.append(self._plain(part))

    def _deeper(self, into: JSONObject, fields: Mapping[str, Any], depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise OverflowError
        self._count(8)
        self._merge(into, fields, depth + 1)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, str):
            self._count(len(value))
            return value
        if isinstance(value, int | float) and not (abs(value) <= MAX_NUMBER and math.isfinite(value)):
            raise OverflowError  # what a journal can't keep as it is
        self._count(8)
        return value

    def _count(self, characters: int) -> None:
        self._size += characters
        if self._size > MAX_EXTRAS:
            raise OverflowError


def with_extras(
    calls: Sequence[ToolCall], provider: str, model: str, message: JSONObject, of_calls: Sequence[JSONObject]
) -> list[ToolCall]:
    """The calls with what is to be sent back with each, and with the first what belongs to the message: what calls nothing ends
    its conversation, and nothing of it is sent again."""
    found: list[ToolCall] = []
    for call, fields in zip(calls, of_calls, strict=True):
        kept = {name: part for name, part in (("call", fields), ("message", {} if found else message)) if part}
        found.append({**call, "extra": {"provider": provider, "model": model, **kept}} if kept else call)
    return found


def fields_of(call: ToolCall, part: Literal["call", "message"], provider: str, model: str) -> JSONObject:
    """What goes back with the call or its message; empty where another model has sent it."""
    extra = call.get("extra") or {}
    if (extra.get("provider"), extra.get("model")) != (provider, model):
        return {}
    found: JSONObject = extra.get(part) or {}
    return found


def _goes_on(one: Any, part: JSONObject) -> bool:
    """OpenRouter: the pieces of a part have its index; Anthropic: so do the deltas of a block."""
    if not isinstance(one, dict) or part.get("index") is None:
        return False
    same = all(one.get(name) == part.get(name) for name in ("index", "type"))
    return same and (one.get("id") is None or part.get("id") is None or one["id"] == part["id"])


def _joined(value: Any) -> Any:
    if isinstance(value, _Pieces):
        return "".join(value)
    if isinstance(value, dict):
        return {name: _joined(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_joined(part) for part in value]
    return value
