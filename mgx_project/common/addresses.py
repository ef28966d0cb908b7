"""Addresses that this server reaches for nobody.

Local and private ones are allowed: a model or a git host may run beside this server.
"""

from __future__ import annotations

import ipaddress

_FORBIDDEN = [
    ipaddress.ip_network(net)
    for net in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32", "192.0.0.192/32")
]
"""Link-local addresses and the metadata services of clouds: they hand out credentials to whoever asks from this machine."""


_CARRIERS = [ipaddress.IPv6Network(net) for net in ("::/96", "64:ff9b::/96")]
"""IPv6 addresses that end in an IPv4 one: compatible (RFC 4291) and translated by the network (RFC 6052)."""


def is_forbidden(address: str) -> bool:
    """Whether an IP address (an IPv6 zone is ignored) is link-local or a metadata service, also as IPv4 inside of IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    plain = _inner(ip) if isinstance(ip, ipaddress.IPv6Address) else ip
    return any(one in net for one in (ip, plain) for net in _FORBIDDEN if net.version == one.version)


def _inner(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if any(ip in net for net in _CARRIERS):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
