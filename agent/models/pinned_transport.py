"""Connects only to addresses that were checked: a host name can't resolve to another one between check and connection."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import httpcore2
import httpx2


class ModelAddressRefused(httpx2.ConnectError):
    """The endpoint's name leads to no address that may be connected to. It is told of the name only."""


def proxy_of(url: str) -> str:
    """The proxy that the environment names for ``url``, or "". It looks names up by itself: nothing can be pinned there, so
    the proxy must keep out of private networks."""
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return ""
    proxies = getproxies_environment()
    return proxies.get(parts.scheme) or proxies.get("all") or ""


@cache
def tls_context() -> ssl.SSLContext:
    """One for the process, of the certificates that the environment or the system names: reading them takes 20 ms and more,
    which every phase of a run would wait for."""
    return httpx2.create_ssl_context()


class PinnedTransport(httpx2.AsyncHTTPTransport):
    """Takes no proxy. TLS still asks for the endpoint's name. Raises AddressRefused within the SDK's connection error."""

    def __init__(self, allowed: Callable[[str], bool]) -> None:
        super().__init__(verify=tls_context())
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls_context(), keepalive_expiry=5.0, network_backend=_Checked(allowed)
        )


class _Checked(httpcore2.AsyncNetworkBackend):
    def __init__(self, allowed: Callable[[str], bool]) -> None:
        self._allowed = allowed
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        failed: httpcore2.ConnectError | httpcore2.ConnectTimeout | None = None
        for address in await self._look_up(host, port):
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore2.ConnectError(f"{host} has no address")

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)

    async def _look_up(self, host: str, port: int) -> list[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        allowed = [address for address in addresses if self._allowed(address)]
        if not allowed:
            raise ModelAddressRefused(host)
        return allowed
