"""Hosts and schemes: written in one way only, and refused where the settings leave them out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from mgx_project.common.errors import BadRequest, NotAllowed
from repositories.errors import AddressRefused
from repositories.git.address import Address, address, check_git_settings, require_api, resolve
from repositories.git.checkout import RemoteSource
from repositories.git.remote import reach
from repositories.hosting.checked_requests import CheckedAdapter
from repositories.hosting.github.addresses import require_api as require_github_api
from repositories.hosting.registry import host_of
from repositories.references import parse_reference


@pytest.mark.parametrize(
    "host",
    [
        "2852039166", "0x7f000001", "0177.0.0.1", "127.1", "1.2.3.0x4", "[::1%25lo]", "[fe80::1%eth0]", "h.example.",
        "%6cocalhost",
        "h\\.example", "bücher.example", "ｌocalhost", "-h.example", "h..example", "[1:22]", "a" * 64 + ".example", "h_.!x",
    ],
)  # fmt: skip
def test_a_host_that_others_could_read_otherwise_is_refused(host: str) -> None:
    for url in (f"https://{host}/a/b", f"ssh://git@{host}/a/b", f"git@{host}:a/b"):
        with pytest.raises(BadRequest):
            address(url)
    with pytest.raises(BadRequest):
        require_api(f"https://{host}/api/v3", secret=True)


@pytest.mark.parametrize(
    "url",
    [
        "ssh://-oProxyCommand=x@h.example/a", "ssh://git:pw@h.example/a", "ssh://a b@h.example/a", "-oProxyCommand=x@h:a",
        "https://h.example:0/a", "https://h.example:-1/a", "https://good.example\\@evil.example/a", "https://evil.example#@good/a",
        "FILE:///etc", "file://h.example/etc", "ext::sh -c id", "https+ext://h/a", "git+ssh://h/a",
        "//h.example/a", "h.example:a/b",
    ],
)  # fmt: skip
def test_what_is_hidden_in_a_url_is_refused(url: str) -> None:
    with pytest.raises((BadRequest, NotAllowed)):
        address(url)


def test_a_plain_host_is_taken() -> None:
    for url in ("https://xn--bcher-kva.example/a", "ssh://git@h_1.example:22/a", "git@[2001:db8::1]:a", "https://[::1]:8443/a"):
        assert address(url).host


def test_hosts_are_those_of_the_settings(settings: Settings) -> None:
    settings.MGX_GIT_HOSTS = ["github.com", "*.corp.example"]
    for url in ("https://github.com/a/b", "git@Git.Corp.example:a/b", "https://a.b.corp.example/a"):
        assert address(url)
    for url in (
        "https://gitlab.com/a/b",
        "https://corp.example/a",
        "git@evilcorp.example:a",
        "https://github.com.evil.example/a",
    ):
        with pytest.raises(NotAllowed, match="does not access repositories on") as refused:
            address(url)
        assert (refused.value.code, "MGX_GIT_HOSTS" in refused.value.hint) == ("host_refused", True)
    require_github_api("https://api.github.com", secret=True)
    with pytest.raises(NotAllowed):
        parse_reference(url="o/r", provider="github", api_base_url="https://ghe.other.example/api/v3")


def test_schemes_are_those_of_the_settings(settings: Settings) -> None:
    settings.MGX_GIT_SCHEMES = ["https"]
    for url in ("http://h.example/a", "git@h.example:a"):
        with pytest.raises(NotAllowed, match="does not access repositories over") as refused:
            address(url)
        assert refused.value.code == "scheme_refused"


def test_an_api_gets_no_secret_in_the_clear() -> None:
    with pytest.raises(NotAllowed, match="plain http"):
        parse_reference(url="o/r", provider="github", api_base_url="http://ghe.example/api/v3", credential="tok")
    assert parse_reference(url="o/r", provider="github", api_base_url="http://127.0.0.1:1/api/v3", credential="tok").credential


async def test_a_link_of_before_stops_at_stricter_settings(settings: Settings) -> None:
    settings.MGX_GIT_HOSTS = ["github.com"]
    with pytest.raises(NotAllowed, match=r"h\.example"):
        async with reach(RemoteSource("https://h.example/a/b.git")):
            pass
    link = SimpleNamespace(
        provider="github", api_base_url="https://h.example/api/v3", repo_full_name="a/b", credential="t", installation_id=None
    )
    host = host_of(link)
    assert host is not None
    with pytest.raises(NotAllowed, match="does not access repositories on"):
        host.repository()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "0.0.0.0", "::"])
async def test_the_private_network_is_refused_unless_listed(host: str, settings: Settings) -> None:
    settings.MGX_ALLOWED_NETWORKS = []
    where = Address(url=f"https://{host}/a", scheme="https", host=host, port=443)
    with pytest.raises(AddressRefused, match=f"^{host} is not in a network that this server may connect to.$") as refused:
        await resolve(where)
    assert "MGX_ALLOWED_NETWORKS" in refused.value.hint
    settings.MGX_ALLOWED_NETWORKS = ["*"]
    assert await resolve(where)


@pytest.mark.parametrize(("hosts", "schemes"), [(["a b"], []), (["*"], []), (["a.*.b"], []), (["h/"], []), ([], ["git"])])
def test_settings_that_can_not_be_meant_stop_the_start(hosts: list[str], schemes: list[str]) -> None:
    with pytest.raises(ImproperlyConfigured, match="MGX_GIT"):
        check_git_settings(hosts, schemes)


def test_a_secret_header_over_http_is_stopped_at_the_wire() -> None:
    request = SimpleNamespace(url="http://ghe.example/api/v3/x", headers={"Authorization": "token x"})
    with pytest.raises(NotAllowed, match="plain http"):
        CheckedAdapter().send(request)
