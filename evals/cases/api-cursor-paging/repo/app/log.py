from pydantic import BaseModel


class Event(BaseModel):
    id: int
    at: int
    text: str


class Log:
    """Events in memory; ``at`` is in seconds and may be older than that of earlier events."""

    def __init__(self) -> None:
        self._events: dict[int, Event] = {}
        self._last = 0

    def add(self, at: int, text: str) -> Event:
        self._last += 1
        self._events[self._last] = Event(id=self._last, at=at, text=text)
        return self._events[self._last]

    def remove(self, event_id: int) -> None:
        self._events.pop(event_id, None)

    def clear(self) -> None:
        self._events.clear()

    def newest_first(self) -> list[Event]:
        return sorted(self._events.values(), key=lambda event: (event.at, event.id), reverse=True)


log = Log()
