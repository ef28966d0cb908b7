"""PyGithub's connections, made to reach only addresses that this server reaches: what was checked is what is connected to.

PyGithub takes its connection classes for the whole process; nothing else here uses it.
"""

from __future__ import annotations

import socket
from typing import Any

import requests.adapters
import urllib3.connection
import urllib3.connectionpool
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester

from mgx_project.common.addresses import is_forbidden

from ..errors import AddressRefused


def _checked_socket(connection: Any, connect: Any) -> socket.socket:
    """Resolves the connection's host itself and connects to what it has checked; the name stays what TLS asks for."""
    host = connection._dns_host
    found = socket.getaddrinfo(host, connection.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if any(is_forbidden(address) for address in addresses):
        raise AddressRefused(f"{host} is an address that this server does not reach.")
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


class _Plain(urllib3.connection.HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked_socket(self, super()._new_conn)


class _Secure(urllib3.connection.HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked_socket(self, super()._new_conn)


class _PlainPool(urllib3.connectionpool.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.connectionpool.HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(requests.adapters.HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


class _PlainRequests(HTTPRequestsConnectionClass):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session.mount("http://", _Adapter(max_retries=0))


class _SecureRequests(HTTPSRequestsConnectionClass):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session.mount("https://", _Adapter(max_retries=0))


def install() -> None:
    """Makes PyGithub use these connections. Twice is once."""
    Requester.injectConnectionClasses(_PlainRequests, _SecureRequests)
