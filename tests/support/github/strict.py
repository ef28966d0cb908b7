"""GitHub's limits in small: a primary one for each window of a few seconds, and a secondary one on how many come at a time.

A 304 counts against the secondary only.
Source: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass, field


@dataclass
class Limits:
    """``primary`` requests in a window of whole ``window`` seconds; ``secondary`` within one second."""

    primary: int
    window: int
    secondary: int
    used: int = 0
    refused: int = 0
    windows: list[int] = field(default_factory=list)
    """Requests that counted, in each window."""
    _ends: int = 0
    _recent: deque[float] = field(default_factory=deque)

    def refusal(self) -> tuple[int, dict[str, str], str] | None:
        """What a request that comes now gets instead of its answer."""
        now = time.time()
        if now >= self._ends:
            self._ends, self.used = math.ceil(now) + self.window, 0
            self.windows.append(0)
        while self._recent and self._recent[0] < now - 1:
            self._recent.popleft()
        if len(self._recent) >= self.secondary:
            self.refused += 1
            return 403, {"Retry-After": "1", **self.headers()}, "You have exceeded a secondary rate limit."
        if self.used >= self.primary:
            self.refused += 1
            return 403, self.headers(), "API rate limit exceeded for user ID 1."
        self._recent.append(now)
        return None

    def count(self, status: int) -> None:
        if status != 304:
            self.used += 1
            self.windows[-1] += 1

    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.primary),
            "X-RateLimit-Remaining": str(max(0, self.primary - self.used)),
            "X-RateLimit-Reset": str(self._ends),
        }
