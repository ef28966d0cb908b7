"""PyGithub's connections, made to reach only hosts and addresses that this server reaches (`hosting.checked_requests`), within
the limits of their credential.

PyGithub takes its connection classes for the whole process; nothing else here uses it.
"""

from __future__ import annotations

from typing import Any

from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester

from ..checked_requests import CheckedAdapter
from ..service_limits import ServiceLimits
from . import addresses


class _Limited:
    """A request that waits for its turn within its credential's limits, and whose answer tells of them."""

    def getresponse(self) -> Any:
        asked: Any = self
        limits = ServiceLimits(f"{asked.protocol}://{asked.host}:{asked.port}", asked.headers.get("Authorization", ""))
        limits.enter(writes=asked.verb not in {"GET", "HEAD"})
        parent: Any = super()
        answer = parent.getresponse()
        limits.learn(answer.status, {name.lower(): value for name, value in answer.getheaders()})
        return answer


class _PlainRequests(_Limited, HTTPRequestsConnectionClass):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session.mount("http://", CheckedAdapter(addresses.require_api))


class _SecureRequests(_Limited, HTTPSRequestsConnectionClass):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session.mount("https://", CheckedAdapter(addresses.require_api))


def install() -> None:
    """Makes PyGithub use these connections. Idempotent."""
    Requester.injectConnectionClasses(_PlainRequests, _SecureRequests)
