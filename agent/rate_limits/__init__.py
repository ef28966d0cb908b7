"""The limits of other people's servers, kept by all who ask them with the same credential: runs of all workers, and what looks
at repositories.

`limits` counts, as it does for the server's own API; `storage.py` says where: in Redis for all processes, or in this process.
`limiter.py` waits. What the limits of a service are is said where it is asked.
"""

from __future__ import annotations

from agent.rate_limits.limiter import Charge, RateLimiter, TooLongToWait
from agent.rate_limits.storage import LimitStore, local_store, shared_store

__all__ = ["Charge", "LimitStore", "RateLimiter", "TooLongToWait", "local_store", "shared_store"]
