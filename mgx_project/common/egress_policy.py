"""The egress policy: the server connects to public addresses, and to networks that its operator allows.

Tenants name hosts (git remotes, APIs, model endpoints), but must not reach the server's private network.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

HINT = (
    "To allow it, the server's operator adds its network to MGX_ALLOWED_NETWORKS. Link-local addresses and cloud "
    "metadata services are never allowed."
)

_FORBIDDEN = [
    ipaddress.ip_network(net)
    for net in (
        "169.254.0.0/16", "fe80::/10", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32", "fd00:ec2::/32",
        "fd00:42::42/128", "fd20:ce::254/128",
    )
]  # fmt: skip
"""Link-local addresses and the metadata services of clouds: they hand out credentials to whoever asks from this machine."""

_SPECIAL = [
    ipaddress.ip_network(net)
    for net in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.88.99.0/24",
        "224.0.0.0/3",
        "::/96",
        "64:ff9b:1::/48",
        "fec0::/10",
        "ff00::/8",
    )
]
"""Not of the internet, in case ``is_global`` of some Python says otherwise (RFC 6890, 3068, 8215, 3879)."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


def check_networks(entries: Sequence[str]) -> None:
    """Raises ImproperlyConfigured for an entry of MGX_ALLOWED_NETWORKS that is not a network, an address or ``*``."""
    _networks(tuple(entries))


def is_forbidden(address: str) -> bool:
    """Whether an IP address (an IPv6 zone is ignored) is link-local or a metadata service, also as IPv4 inside of IPv6."""
    ip = _ip(address)
    return any(one in net for one in (ip, *_embedded_ipv4(ip)) for net in _FORBIDDEN if net.version == one.version)


def is_allowed(address: str) -> bool:
    """Whether this server connects to an IP address: never to a forbidden one, and to one outside of the internet only where
    MGX_ALLOWED_NETWORKS says so. IPv6 that ends at an IPv4 address counts as that one."""
    if is_forbidden(address):
        return False
    everything, networks = _networks(tuple(settings.MGX_ALLOWED_NETWORKS))
    return everything or all(_is_public(ip) or _lies_in(ip, networks) for ip in _embedded_ipv4(_ip(address)))


def reachable(addresses: Iterable[str]) -> list[str]:
    """Those of a host's addresses that may be connected to, each once; none at all if one of them is forbidden."""
    found = list(dict.fromkeys(address.partition("%")[0] for address in addresses))
    return [] if any(map(is_forbidden, found)) else [address for address in found if is_allowed(address)]


def refusal(host: str) -> str:
    """The message for a host without an allowed address. It does not contain the address, which the caller may not know."""
    return f"{host} is not in a network that this server may connect to."


@lru_cache(maxsize=8)
def _networks(entries: tuple[str, ...]) -> tuple[bool, tuple[Network, ...]]:
    found: list[Network] = []
    for entry in entries:
        if entry.strip() in ("", "*"):
            continue
        try:
            found.append(ipaddress.ip_network(entry.strip()))
        except ValueError as error:
            raise ImproperlyConfigured(
                f"MGX_ALLOWED_NETWORKS: {error}. Write networks such as 10.0.0.0/8, single addresses, or * for all."
            ) from None
    return any(entry.strip() == "*" for entry in entries), tuple(found)


def _ip(address: str) -> Ip:
    return ipaddress.ip_address(address.partition("%")[0])


def _embedded_ipv4(ip: Ip) -> tuple[Ip, ...]:
    """The addresses that a packet to ``ip`` ends at or passes: IPv4 in IPv6 by RFC 4291, 6052, 3056 and 4380."""
    if isinstance(ip, ipaddress.IPv4Address):
        return (ip,)
    if ip.ipv4_mapped or ip.sixtofour:
        return (ip.ipv4_mapped or ip.sixtofour or ip,)
    if ip.teredo:
        return ip.teredo
    if ip in _NAT64 or (ip in _COMPATIBLE and int(ip) > 0xFFFF):  # below that: :: and ::1
        return (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF),)
    return (ip,)


def _is_public(ip: Ip) -> bool:
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in _SPECIAL if net.version == ip.version)


def _lies_in(ip: Ip, networks: Iterable[Network]) -> bool:
    return any(ip in net for net in networks if net.version == ip.version)
