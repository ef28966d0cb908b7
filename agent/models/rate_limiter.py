"""The rate limiter: calls of one process to one endpoint with one key wait here, so that its limits are not exceeded."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections import deque
from dataclasses import dataclass, field

from agent.errors import RateLimited
from agent.models.retry_after import span

MINUTE = 60.0
MAX_QUEUE = 300.0
"""Seconds that a call waits for its turn at most: a worker should not be held for longer."""


@dataclass
class Turn:
    """When a call may start (monotonic seconds), and the tokens it counts for."""

    start: float
    tokens: int


@dataclass
class RateLimiter:
    """At most so many requests and tokens in any ``window`` of seconds; in the order of asking. None: no limit.

    Threads and event loops share it, so nothing here is bound to a loop.
    """

    requests: int | None = None
    tokens: int | None = None
    window: float = MINUTE
    _turns: deque[Turn] = field(default_factory=deque)
    _closed_until: float = 0.0
    _made: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def enter(self, tokens: int, host: str, patience: float = MAX_QUEUE) -> Turn:
        """Waits for its turn; a cancelled wait gives it back.

        Raises RateLimited when the endpoint wants to be left alone for more than ``patience`` seconds, or the turn is more than
        ``MAX_QUEUE`` away.
        """
        closed = self._closed_until - time.monotonic()
        if closed > patience:
            raise RateLimited(
                f"{host} refuses more calls for another {span(closed)}.",
                hint=f"Resume the run in {span(closed)}.",
                retry_after=closed,
            )
        turn = self._take(tokens)
        wait = turn.start - time.monotonic()
        try:
            if wait > MAX_QUEUE:
                raise RateLimited(
                    f"The calls waiting for {host} use up its limits for {span(wait)}.",
                    hint=f"Resume the run in {span(wait)}, or raise the connection's requests_per_minute or tokens_per_minute.",
                    code="rate_queue_full",
                    retry_after=wait,
                )
            if wait > 0:
                await asyncio.sleep(wait)
        except BaseException:
            with self._lock:
                self._turns.remove(turn)
            raise
        return turn

    def close_for(self, seconds: float) -> None:
        """Lets nobody in for ``seconds``: the endpoint has said so."""
        with self._lock:
            self._closed_until = max(self._closed_until, time.monotonic() + seconds)

    def idle(self) -> bool:
        """Whether nothing is left to remember, and nobody has asked for a while."""
        with self._lock:
            now = time.monotonic()
            last = self._turns[-1].start if self._turns else self._made
            return max(last, self._closed_until) < now - 10 * self.window

    def _take(self, tokens: int) -> Turn:
        with self._lock:
            now = time.monotonic()
            while self._turns and self._turns[0].start < now - self.window:
                self._turns.popleft()
            start = max(now, self._closed_until, *(turn.start for turn in list(self._turns)[-1:]))
            if self.requests and len(self._turns) >= self.requests:
                start = max(start, self._turns[-self.requests].start + self.window)
            if self.tokens:
                start = max(start, self._room_for(tokens))
            turn = Turn(start, tokens)
            self._turns.append(turn)
            return turn

    def _room_for(self, tokens: int) -> float:
        """When the calls of the last window allow another one. One that is larger than the limit gets a window of its own."""
        sum_of = min(tokens, self.tokens or 0)
        for turn in reversed(self._turns):
            sum_of += turn.tokens
            if sum_of > (self.tokens or 0):
                return turn.start + self.window
        return 0.0


_gates: dict[tuple[str, str], RateLimiter] = {}
_gates_lock = threading.Lock()


def gate_for(base_url: str, api_key: str, requests: int | None, tokens: int | None) -> RateLimiter:
    """The process's gate for this endpoint and key; the limits named last hold. It is forgotten when it was long unused."""
    key = (base_url, hashlib.sha256(api_key.encode()).hexdigest())
    with _gates_lock:
        for idle in [known for known, gate in _gates.items() if known != key and gate.idle()]:
            del _gates[idle]
        gate = _gates.setdefault(key, RateLimiter())
        gate.requests, gate.tokens = requests, tokens
        return gate
