"""Applies X-Forwarded headers from MGX_TRUSTED_PROXIES only, for HTTP and WebSockets."""

from __future__ import annotations

from collections.abc import Sequence

from .body_limit import Application, Receive, Scope, Send
from .common.clients import Network, client_address, is_trusted

SAYS_WHO = (b"x-forwarded-for", b"forwarded", b"x-real-ip")
PROTO = b"x-forwarded-proto"
SECURE = {"http": "https", "ws": "wss"}


class Forwarded:
    """Puts the client's address and scheme into the scope. The headers go no further: what is forged in one reaches nobody.

    ``forwarded_by_stranger`` in the scope says that an unknown proxy is between; its address reveals nothing about the client.
    """

    def __init__(self, application: Application, *, trusted: Sequence[Network]) -> None:
        self._application, self._trusted = application, trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return
        peer: tuple[str, int] | None = scope.get("client")
        proxied = [(name, value) for name, value in scope["headers"] if name in SAYS_WHO or name == PROTO]
        ours = peer is not None and is_trusted(peer[0], self._trusted)
        scope = {**scope, "forwarded_by_stranger": bool(proxied) and not ours}
        if proxied:
            scope["headers"] = [header for header in scope["headers"] if header not in proxied]
        if proxied and ours and peer is not None:
            said = b",".join(value for name, value in proxied if name == SAYS_WHO[0]).decode("latin-1")
            client = client_address(peer[0], said, self._trusted)
            scope["client"] = peer if client == peer[0] else (client, 0)
            if [value.strip() for name, value in proxied if name == PROTO][-1:] in ([b"https"], [b"wss"]):
                scope["scheme"] = SECURE.get(scope.get("scheme", "http"), scope.get("scheme", "https"))
        await self._application(scope, receive, send)
