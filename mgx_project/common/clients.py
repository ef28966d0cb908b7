"""The client's address of a connection: its own, or the one forwarded by a trusted proxy.

A client can write any `X-Forwarded-For`. It is read from the right, and only as far as the operator's own proxies
(MGX_TRUSTED_PROXIES) wrote it: the first address from there that is not one of them is the client's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from django.core.exceptions import ImproperlyConfigured

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
MAX_HOPS = 32


@lru_cache(maxsize=8)
def networks(entries: tuple[str, ...]) -> tuple[Network, ...]:
    """Raises ImproperlyConfigured for an entry that is neither a network nor an address."""
    try:
        return tuple(ipaddress.ip_network(entry.strip()) for entry in entries if entry.strip())
    except ValueError as error:
        raise ImproperlyConfigured(
            f"MGX_TRUSTED_PROXIES: {error}. Write the addresses of your proxies, or networks such as 10.0.0.0/8."
        ) from None


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    ip = _ip(address)
    return ip is not None and any(ip in net for net in trusted if net.version == ip.version)


def client_address(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The client behind ``peer``, the other end of the connection. ``forwarded``: its X-Forwarded-For, lines joined by commas.

    An entry that is not an address ends the search: whoever wrote it, what stands left of it proves nothing.
    """
    client = peer
    for entry in reversed(forwarded.split(",")[-MAX_HOPS:]):
        if not is_trusted(client, trusted):
            break
        ip = _ip(_without_port(entry.strip()))
        if ip is None:
            break
        client = str(ip)
    return client


def address_group(address: str) -> str:
    """The unit that rate limits count as one client: an IPv4 address, or an IPv6 /64 (RFC 6177, RFC 4291)."""
    ip = _ip(address)
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)))
    return str(ip or "unknown")


def _without_port(entry: str) -> str:
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry


def _ip(address: str) -> Ip | None:
    """IPv4 inside of IPv6 is IPv4: a server on both sees clients of the one as the other."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip
