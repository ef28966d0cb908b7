"""Rate limits for WebSockets: a connect counts as one request, by address until the caller is known."""

from __future__ import annotations

from typing import Any

from mgx_project.common.rates.counters import refuse
from mgx_project.common.rates.strangers import WHAT, Client

from . import socket_auth
from .principal import Principal
from .request_rates import count_caller, refuse_caller
from .socket_auth import SocketCaller


def authenticate(scope: dict[str, Any]) -> SocketCaller | None:
    """Authenticates like `socket_auth`, within the limit of the address. Blocking. Raises RateLimitExceeded."""
    client = client_of(scope)
    refuse(client.admit(), WHAT)
    caller = socket_auth.authenticate(scope)
    if caller is not None:
        client.was_good()
    elif client.credential:
        client.was_nobody(failed=True)
    return caller


def count_socket(caller: SocketCaller, principal: Principal | None) -> None:
    """Raises RateLimitExceeded."""
    refuse_caller(count_caller(caller.user, caller.credential.token_id, principal))


def client_of(scope: dict[str, Any]) -> Client:
    address = (scope.get("client") or ("", 0))[0]
    return Client.of(address, socket_auth.shown_credential(scope))
