"""Waiting for one's turn at somebody else's server, in a thread or in an event loop.

It never polls, because it knows what to wait for: the end of a pause that the server asked for, the moment when the window
allows the next request, or an earlier caller in this process. Processes have no order among each other: the first one to ask
when the window allows a request gets it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Generator, Hashable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import closing, suppress
from dataclasses import dataclass

from limits import RateLimitItem
from limits.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter

from agent.rate_limits.storage import LimitStore

MOMENT = 0.001
"""Seconds. Storages count by milliseconds: who comes at the very moment would come too early."""


class TooLongToWait(Exception):
    """``seconds`` are to be waited for. ``asked``: because the server has asked for it, else because others wait already."""

    def __init__(self, seconds: float, *, asked: bool) -> None:
        super().__init__(seconds)
        self.seconds, self.asked = seconds, asked


@dataclass(frozen=True)
class Charge:
    """What a request takes of a limit. One that is larger than the limit takes all of it."""

    item: RateLimitItem
    amount: int = 1
    exact: bool = False
    """By the time of each request, which takes as much space as the limit is high. Otherwise by a counter, which takes the
    window before to have been even: right after a burst it lets in what a token bucket would."""

    @property
    def taken(self) -> int:
        return max(1, min(self.amount, self.item.amount))


@dataclass(eq=False)
class _Waiter:
    charges: Sequence[Charge]
    turn: Future[None]


class _Lines:
    """Who waits in this process, by credential and limits, in the order of coming."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[Hashable, deque[_Waiter]] = {}

    def join(self, key: Hashable, charges: Sequence[Charge]) -> tuple[_Waiter, float]:
        """Its place, and how many seconds the limits need for those before it."""
        mine = _Waiter(charges, Future())
        with self._lock:
            line = self._lines.setdefault(key, deque())
            ahead = [charge for waiter in line for charge in waiter.charges]
            line.append(mine)
            self._call_first(line)
        spans = [
            sum(other.taken for other in ahead if other.item == charge.item) / charge.item.amount * charge.item.get_expiry()
            for charge in charges
        ]
        return mine, max(spans, default=0.0)

    def leave(self, key: Hashable, mine: _Waiter) -> None:
        with self._lock:
            line = self._lines[key]
            line.remove(mine)
            if line:
                self._call_first(line)
            else:
                del self._lines[key]

    @staticmethod
    def _call_first(line: deque[_Waiter]) -> None:
        # who was cancelled just now leaves, and calls the next
        with suppress(InvalidStateError):
            if not line[0].turn.done():
                line[0].turn.set_result(None)


_lines = _Lines()


class RateLimiter:
    """Of one credential at one server, which ``key`` names without telling it."""

    def __init__(self, store: LimitStore, key: str) -> None:
        self.store, self.key = store, key

    def close(self, seconds: float, name: str = "") -> None:
        """The server has said so. ``name``: only for those who ask for it by that name."""
        if seconds > 0:
            self.store.ask(lambda storage: storage.close(f"{self.key}/{name}", seconds))

    def open(self, name: str) -> None:
        """What was said before is over."""
        self.store.ask(lambda storage: storage.open(f"{self.key}/{name}"))

    def closed_for(self, name: str = "") -> float:
        """Seconds."""
        return self.store.ask(lambda storage: storage.closed_for(f"{self.key}/{name}"))

    async def wait(self, charges: Sequence[Charge], *, patience: float, patience_if_asked: float | None) -> None:
        """Waits until the limits allow all ``charges``, and takes them; a cancelled wait has taken nothing.

        ``patience_if_asked`` is for a pause that the server has asked for; None: it is not heeded. Raises TooLongToWait.
        """
        with closing(self._steps(charges, patience, patience_if_asked)) as steps:
            for step in steps:
                if isinstance(step, Future):
                    await asyncio.wrap_future(step)
                else:
                    await asyncio.sleep(step)

    def wait_blocking(self, charges: Sequence[Charge], *, patience: float, patience_if_asked: float | None) -> None:
        """As ``wait``, for a thread."""
        with closing(self._steps(charges, patience, patience_if_asked)) as steps:
            for step in steps:
                if isinstance(step, Future):
                    step.result()
                else:
                    time.sleep(step)

    def correct(self, charge: Charge, amount: int, age: float) -> None:
        """What ``charge`` took ``age`` seconds ago was an estimate; it came to ``amount``. Not for exact ones."""
        if by := max(1, amount) - charge.taken:
            self._correct_by(charge, by, age)

    def _steps(
        self, charges: Sequence[Charge], patience: float, patience_if_asked: float | None
    ) -> Generator[Future[None] | float]:
        """What to wait for next, until it is the caller's turn."""
        line, ends = (self.key, *(charge.item for charge in charges)), time.monotonic() + patience
        mine, ahead = _lines.join(line, charges)
        try:
            if ahead > patience:
                raise TooLongToWait(ahead, asked=False)
            if charges:
                yield mine.turn
            while True:
                closed = 0.0 if patience_if_asked is None else self.closed_for()
                if patience_if_asked is not None and closed > patience_if_asked:
                    raise TooLongToWait(closed, asked=True)
                if closed:
                    yield closed + MOMENT
                elif wait := self._take(charges):
                    if wait > ends - time.monotonic():
                        raise TooLongToWait(wait, asked=False)
                    yield wait + MOMENT
                else:
                    return
        finally:
            _lines.leave(line, mine)

    def _take(self, charges: Sequence[Charge]) -> float:
        """All of them or none, so an exact one has to be the last.

        Returns 0.0, or the seconds until the first one that is refused may be allowed.
        """
        for number, charge in enumerate(charges):
            if not self._take_one(charge):
                for taken in charges[:number]:
                    self._correct_by(taken, -taken.taken, 0.0)
                return max(MOMENT, self._until_room(charge))
        return 0.0

    def _take_one(self, charge: Charge) -> bool:
        strategy = MovingWindowRateLimiter if charge.exact else SlidingWindowCounterRateLimiter
        return self.store.ask(lambda storage: strategy(storage).hit(charge.item, self.key, cost=charge.taken))

    def _correct_by(self, charge: Charge, by: int, age: float) -> None:
        self.store.ask(lambda storage: storage.correct(charge.item, self.key, by, age))

    def _until_room(self, charge: Charge) -> float:
        item, span = charge.item, float(charge.item.get_expiry())
        if charge.exact:
            window = self.store.ask(lambda storage: MovingWindowRateLimiter(storage).get_window_stats(item, self.key))
            return window.reset_time - time.time()
        # the counter's own rule: of the previous window as much counts as is still in sight, rounded down
        before, before_ends, current, current_ends = self.store.ask(
            lambda storage: storage.get_sliding_window(item.key_for(self.key), item.get_expiry())
        )
        room = item.amount - charge.taken - current
        if room < 0:  # not before the current window is the previous one
            room, before, before_ends = item.amount - charge.taken, current, span
            return current_ends - span + max(0.0, before_ends - (room + 1) * span / before)
        return max(0.0, before_ends - (room + 1) * span / before) if before else 0.0
