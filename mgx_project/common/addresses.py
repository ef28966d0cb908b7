"""Addresses that this server reaches for nobody.

Local and private ones are allowed: a model or a git host may run beside this server.
"""

from __future__ import annotations

import ipaddress

_FORBIDDEN = [ipaddress.ip_network(net) for net in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32")]
"""Link-local addresses and the metadata services of clouds: they hand out credentials to whoever asks from this machine."""


def is_forbidden(address: str) -> bool:
    """Whether an IP address (an IPv6 zone is ignored) is link-local or a metadata service, also as an IPv4-mapped one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    plain = getattr(ip, "ipv4_mapped", None) or ip
    return any(plain in net for net in _FORBIDDEN if net.version == plain.version)
