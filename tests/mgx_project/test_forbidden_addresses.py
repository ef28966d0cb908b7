from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from mgx_project.common.egress_policy import check_networks, is_allowed, is_forbidden, reachable


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "2001:0:808:808::5601:5601",
        "fe80::1%eth0",
        "100.100.100.200",
        "168.63.129.16",
        "fd00:ec2::254",
        "fd20:ce::254",
    ],
)
def test_metadata_services_are_forbidden_in_every_writing(address: str, settings: Settings) -> None:
    settings.MGX_ALLOWED_NETWORKS = ["*"]
    assert is_forbidden(address)
    assert not is_allowed(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "::1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "0.0.0.0", "::", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:a00:1::",
        "2002:7f00:1::1",
        "2001:0:808:808::f5ff:fffe", "2001:0:a00:1::f7f7:f7f7",
    ],
)  # fmt: skip
def test_what_is_not_of_the_internet_is_reached_only_where_it_is_listed(address: str, settings: Settings) -> None:
    settings.MGX_ALLOWED_NETWORKS = []
    assert not is_allowed(address)
    settings.MGX_ALLOWED_NETWORKS = ["203.0.113.0/24"]
    assert not is_allowed(address)
    settings.MGX_ALLOWED_NETWORKS = ["*"]
    assert is_allowed(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::", "2001:0:808:808::f7f7:f7f7"],
)
def test_the_internet_is_reached(address: str, settings: Settings) -> None:
    settings.MGX_ALLOWED_NETWORKS = []
    assert is_allowed(address)


def test_networks_and_single_addresses_can_be_listed(settings: Settings) -> None:
    settings.MGX_ALLOWED_NETWORKS = ["10.0.0.0/8", " 192.168.7.7", "fd00:1::/64"]
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "192.168.7.7", "fd00:1::5"):
        assert is_allowed(address)
    for address in ("192.168.7.8", "127.0.0.1", "fd00:2::5"):
        assert not is_allowed(address)


def test_a_host_with_a_forbidden_address_has_none(settings: Settings) -> None:
    settings.MGX_ALLOWED_NETWORKS = []
    assert reachable(["8.8.8.8", "10.0.0.1", "8.8.8.8"]) == ["8.8.8.8"]
    assert reachable(["8.8.8.8", "169.254.169.254"]) == []


@pytest.mark.parametrize("entry", ["10.0.0.1/8", "example.com", "10.0.0.0/33", "10.*", "fe80::1%eth0/64x"])
def test_an_entry_that_is_no_network_stops_the_start(entry: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="MGX_ALLOWED_NETWORKS"):
        check_networks(["10.0.0.0/8", entry])
