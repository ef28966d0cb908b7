"""Messages that people sent to the run while it was in progress."""

from __future__ import annotations

from collections.abc import Sequence

from agent.ports import ChatMessage
from agent.prompt_blocks import block
from agent.team.prompts import render


class SteeringLog:
    """In the order of the conversations that were told first, and within one in the order of its calls."""

    def __init__(self) -> None:
        self._said: dict[str, list[str]] = {}

    def so_far(self) -> tuple[str, ...]:
        return tuple(text for said in self._said.values() for text in said)

    def begins(self, conversation: str) -> None:
        """Keeps its place: of conversations side by side the order must not depend on who is told first."""
        self._said.setdefault(conversation, [])

    def add(self, conversation: str, said: Sequence[str]) -> None:
        self._said[conversation] += said


def append_steering(messages: Sequence[ChatMessage], said: Sequence[str]) -> list[ChatMessage]:
    """``messages`` and then, in the person's own words, what was ``said``; at the end, so that what is before stays cached."""
    if not said:
        return list(messages)
    text = render("steering", said=block("steer", "\n\n".join(said)))
    last = messages[-1] if messages else None
    if last is not None and last["role"] == "user":
        return [*messages[:-1], {"role": "user", "content": f"{last['content']}\n\n{text}"}]
    return [*messages, {"role": "user", "content": text}]
