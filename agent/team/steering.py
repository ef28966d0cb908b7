"""Messages that people sent to the run while it was in progress."""

from __future__ import annotations

from collections.abc import Sequence


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
