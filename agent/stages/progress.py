"""The progress bar. It never goes back: a revision is shown by its own event."""

from __future__ import annotations

from agent.ports import EventSink


class ProgressReporter:
    def __init__(self, events: EventSink, phase: str, total_steps: int) -> None:
        self._events = events
        self._phase = phase
        self._total = total_steps
        self._step = 0

    async def at(self, step: int, message: str) -> None:
        """``step`` (1 to total) begins."""
        if step <= self._step:
            return
        self._step = step
        percent = round(100 * (step - 1) / self._total)
        data = {"phase": self._phase, "step": step, "total_steps": self._total, "percent": percent}
        await self._events.emit("progress", data, message)

    async def done(self, message: str) -> None:
        data = {"phase": self._phase, "step": self._total, "total_steps": self._total, "percent": 100}
        await self._events.emit("progress", data, message)
