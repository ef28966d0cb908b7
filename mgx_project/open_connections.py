"""How many connections one address may hold open to this process: each is a file, and a process has only so many.

The machine itself is not counted (the embedded server, health checks), and neither are the proxies of MGX_TRUSTED_PROXIES: they
hold the connections of many clients, and have limits of their own.
"""

from __future__ import annotations

from collections import Counter

from django.conf import settings

from .common.clients import address_group, is_trusted, networks

MACHINE = networks(("127.0.0.0/8", "::1/128"))

_open: Counter[str] = Counter()


def enter(address: str) -> str | None:
    """The group under which a new connection of ``address`` is counted; "" for an address that isn't counted; None where the
    group has all the connections it may have.

    Whoever gets a group gives it to `leave` once. Called on the event loop only.
    """
    limit: int = settings.MGX_CONNECTIONS_PER_ADDRESS
    if not limit or is_trusted(address, (*MACHINE, *networks(tuple(settings.MGX_TRUSTED_PROXIES)))):
        return ""
    group = address_group(address)
    if _open[group] >= limit:
        return None
    _open[group] += 1
    return group


def leave(group: str) -> None:
    if not group:
        return
    _open[group] -= 1
    if not _open[group]:
        del _open[group]
