"""Who has not signed in is counted by address: requests without a credential, and credentials that are not good.

A credential is looked up in the database before anybody knows whose it is. So that this costs a stranger's guesses and not each
request another question to Redis, a process remembers the addresses over their limit, and refuses before it looks up.
It also remembers credentials that were good lately: who shares an address with a guesser (an office, a proxy that is not in
MGX_TRUSTED_PROXIES) goes on working.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from mgx_project.common.clients import address_group

from .counters import Count, Limit, RateLimitExceeded, count

MOST_REMEMBERED = 10_000
GOOD_SECONDS = 3600.0
WHAT = "This address (without sign-in)"


class _Memory:
    """Keys until a time each; the oldest go where they are too many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: OrderedDict[str, float] = OrderedDict()

    def add(self, key: str, seconds: float) -> None:
        with self._lock:
            self._until[key] = time.monotonic() + seconds
            self._until.move_to_end(key)
            while len(self._until) > MOST_REMEMBERED:
                self._until.popitem(last=False)

    def left(self, key: str) -> float:
        """Seconds; 0.0 for what is not remembered."""
        with self._lock:
            return max(0.0, self._until.get(key, 0.0) - time.monotonic())

    def forget(self, key: str) -> None:
        with self._lock:
            self._until.pop(key, None)


_full, _good = _Memory(), _Memory()


@dataclass(frozen=True)
class Client:
    """An address and what it shows: the Authorization header, a session's cookie or a socket's ticket; "" for nothing."""

    group: str
    credential: str

    @classmethod
    def of(cls, address: str, credential: str) -> Client:
        digest = hashlib.sha256(credential.encode("utf-8", "surrogatepass")).hexdigest() if credential else ""
        return cls(address_group(address), digest)

    def admit(self) -> list[Count]:
        """Before anything is looked up. What was counted; raises RateLimitExceeded."""
        wait = _full.left(self.group)
        if wait and not (self.credential and _good.left(self.credential)):
            error = RateLimitExceeded("Too many requests without sign-in from this address.")
            error.retry_after = wait
            raise error
        return [] if self.credential else self._count("anonymous")

    def was_nobody(self, *, failed: bool) -> list[Count]:
        """The credential signed nobody in: because it is not good (``failed``), or because nobody asked for one."""
        if failed:
            _good.forget(self.credential)
        counts = self._count("failed" if failed else "anonymous")
        for each in counts:
            if not each.remaining:
                _full.add(self.group, each.reset)
        return counts

    def was_good(self) -> None:
        if self.credential:
            _good.add(self.credential, GOOD_SECONDS)

    def _count(self, name: Literal["anonymous", "failed"]) -> list[Count]:
        return count(Limit(name, self.group, settings.MGX_RATES[name]))
