"""Requests to hosting services that reach only allowed hosts and addresses: they connect to the address that was checked,
within a deadline, and read a response of limited size. A proxy of the environment resolves the name by itself; then only the
addresses seen from this server are checked.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
import requests.adapters
import urllib3.connection
import urllib3.connectionpool

from mgx_project.common.async_db import let_go
from mgx_project.common.egress_policy import HINT, reachable, refusal
from mgx_project.common.proxies import proxy_of

from ..errors import AddressRefused, HostFailed
from ..git.address import require_api as require_git_api
from . import deadline

MAX_ANSWER = 64_000_000
"""Bytes, uncompressed: a hundred of the largest comments need less than half of it."""


class RequireApi(Protocol):
    def __call__(self, url: str, *, secret: bool) -> None: ...


def _addresses(host: str, port: int | None) -> list[str]:
    """Raises AddressRefused, OSError for an unknown name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = reachable(str(entry[4][0]) for entry in found)
    if not addresses:
        raise AddressRefused(refusal(host), hint=HINT)
    return addresses


def _checked_socket(connection: Any, connect: Any) -> socket.socket:
    """Resolves the connection's host itself and connects to what it has checked; the name stays what TLS asks for."""
    host = connection._dns_host
    addresses = _addresses(host, connection.port)
    failed: Exception | None = None
    try:
        for address in addresses:
            connection._dns_host = address
            try:
                made: socket.socket = connect()
                return made
            except urllib3.exceptions.HTTPError as error:
                failed = error
    finally:
        connection._dns_host = host
    raise failed or OSError(f"{host} has no address")


class _Plain(deadline.Watched, urllib3.connection.HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked_socket(self, super()._new_conn)


class _Secure(deadline.Watched, urllib3.connection.HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked_socket(self, super()._new_conn)


class _PlainPool(urllib3.connectionpool.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.connectionpool.HTTPSConnectionPool):
    ConnectionCls = _Secure


class CheckedAdapter(requests.adapters.HTTPAdapter):
    """For a session of `requests`. ``require_api`` raises for an API that the settings exclude, or that would receive a secret
    in clear text (default: `repositories.git.address.require_api`)."""

    def __init__(self, require_api: RequireApi = require_git_api) -> None:
        self._require_api = require_api
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Raises HostFailed for an answer that is too large or too late, and what ``require_api`` raises."""
        self._require_api(request.url, secret="Authorization" in request.headers)
        proxy = proxy_of(request.url)
        if proxy:
            parts = urlsplit(request.url)
            with suppress(socket.gaierror):
                _addresses(parts.hostname or "", parts.port)
        kwargs["proxies"] = {urlsplit(request.url).scheme: proxy} if proxy else {}
        host = urlsplit(request.url).hostname
        let_go()
        with deadline.within_time() as clock:
            try:
                answer = super().send(request, *args, **kwargs)
                answer._content = _whole(answer, str(host))
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
                if not clock.is_over:
                    raise
            if clock.is_over:
                raise HostFailed(f"{host} did not answer within {deadline.MAX_SECONDS:g} s.", code="unreachable")
            return answer


def _whole(answer: requests.Response, host: str) -> bytes:
    """The body. Raises HostFailed for one of more than MAX_ANSWER bytes."""
    parts, size = [], 0
    try:
        for part in answer.iter_content(1 << 14):
            parts.append(part)
            size += len(part)
            if size > MAX_ANSWER:
                raise HostFailed(f"The response of {host} is larger than {MAX_ANSWER / 1e6:g} MB.", code="bad_answer")
    except BaseException:
        answer.close()  # what is left of it is of no use to the next request
        raise
    return b"".join(parts)
