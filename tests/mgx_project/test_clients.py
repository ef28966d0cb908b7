"""Whose address counts: nobody chooses theirs by a header."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from mgx_project.common.clients import address_group, client_address, networks
from mgx_project.forwarded import Forwarded

TRUSTED = networks(("10.0.0.0/8", "fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4,198.51.100.1 , 10.0.0.2", "198.51.100.1"),
        ("::ffff:10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("fd00::1", "[2001:db8::1]:80", "2001:db8::1"),
        ("10.0.0.1", "1.2.3.4, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
    ],
)
def test_the_address_is_the_first_from_the_right_that_no_proxy_of_ours_has(peer: str, forwarded: str, client: str) -> None:
    assert client_address(peer, forwarded, TRUSTED) == client


def test_a_host_with_many_ipv6_addresses_is_one() -> None:
    assert address_group("2001:db8:1:2::1") == address_group("2001:db8:1:2:ffff::9") != address_group("2001:db8:1:3::1")
    assert address_group("::ffff:192.0.2.1") == address_group("192.0.2.1") == "192.0.2.1"


def test_what_is_no_network_is_refused_with_the_name_of_the_setting() -> None:
    with pytest.raises(ImproperlyConfigured, match="MGX_TRUSTED_PROXIES"):
        networks(("proxy.example.org",))


def scope_behind(peer: str, **headers: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "client": (peer, 4711), "scheme": "http", "headers": given}
    asyncio.run(Forwarded(application, trusted=TRUSTED)(scope, None, None))  # type: ignore[arg-type]
    return seen


def test_a_stranger_is_neither_another_address_nor_on_https() -> None:
    scope = scope_behind("203.0.113.9", x_forwarded_for="127.0.0.1", x_forwarded_proto="https", host="a")
    assert (scope["client"], scope["scheme"]) == (("203.0.113.9", 4711), "http")
    assert scope["headers"] == [(b"host", b"a")]
    assert scope["forwarded_by_stranger"]


def test_a_proxy_of_ours_is_believed() -> None:
    scope = scope_behind("10.0.0.1", x_forwarded_for="198.51.100.1", x_forwarded_proto="https")
    assert (scope["client"][0], scope["scheme"], scope["forwarded_by_stranger"]) == ("198.51.100.1", "https", False)
