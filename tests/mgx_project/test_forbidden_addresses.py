from __future__ import annotations

import pytest

from mgx_project.common.addresses import is_forbidden


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "fe80::1%eth0",
    ],
)
def test_metadata_services_are_forbidden_in_every_writing(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "8.8.8.8", "64:ff9b::808:808", "2606:4700::1111"])
def test_local_and_public_addresses_are_not(address: str) -> None:
    assert not is_forbidden(address)
