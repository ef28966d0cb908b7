"""Which repository URLs this server takes, and the addresses behind their hosts.

A host is written in one way only, so that git, curl, ssh and we can't read it differently.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from mgx_project.common.egress_policy import HINT, reachable, refusal
from mgx_project.common.errors import BadRequest, NotAllowed
from mgx_project.common.proxies import proxy_of

from ..errors import AddressRefused, GitCommandFailed
from . import local_repositories
from .scrubbing import scrub

SCHEMES = {"https": 443, "http": 80, "ssh": 22}
_SCP = re.compile(r"^\w[\w.-]*@(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<path>(?!/?/)[^\s:][^\s]*)$", re.ASCII)
_USER = re.compile(r"\w[\w.-]*", re.ASCII)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_PATTERN = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*|[0-9a-f:]*:[0-9a-f:.]*")
_NUMBER = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)")
"""Resolvers read a name that ends like this as an IPv4 address in octal, hexadecimal or as one number."""


@dataclass(frozen=True)
class Address:
    """A URL that this server may access. ``path`` is set only for a local repository."""

    url: str
    scheme: str
    host: str = ""
    port: int = 0
    path: Path | None = None


def check_git_settings(hosts: Sequence[str], schemes: Sequence[str]) -> None:
    """Raises ImproperlyConfigured for an invalid entry of MGX_GIT_HOSTS or MGX_GIT_SCHEMES."""
    for pattern in hosts:
        if not _PATTERN.fullmatch(pattern.strip().lower()):
            raise ImproperlyConfigured(
                f"MGX_GIT_HOSTS: {pattern!r} is not a host. Write names such as github.com, or *.example.com for all below."
            )
    for scheme in schemes:
        if scheme.strip() not in SCHEMES:
            raise ImproperlyConfigured(f"MGX_GIT_SCHEMES: {scheme!r} is not one of {', '.join(SCHEMES)}.")


def split(url: str) -> SplitResult:
    """Raises BadRequest if the brackets or the port are invalid."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise BadRequest(f"{scrub(url)!r} is not a URL: {error}.", code="bad_repository_name", field="url") from None
    return parts


def split_credential(url: str) -> tuple[str, str]:
    """``url`` without its user part, and that part as a credential if it holds a password or token ("" if not)."""
    parts = split(url)
    if parts.scheme not in {"http", "https"} or "@" not in parts.netloc:
        return url, ""
    userinfo, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=host)), unquote(userinfo)


def address(url: str) -> Address:
    """The address behind a URL or a local path, determined from the name only.

    Raises BadRequest when git could take it for something else or the scheme isn't https, http, ssh or file, NotAllowed for a
    local path outside the allowed roots, and for a host or scheme that the settings leave out.
    """
    if not url or len(url) > 1000 or url != url.strip() or url.startswith("-") or not url.isprintable():
        raise BadRequest("This is not a repository URL.", code="bad_repository_name", field="url")
    path = local_repositories.path_of(url)
    if path is not None:
        return Address(url=path.as_uri(), scheme="file", path=path)
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    if scheme == "" and (found := _SCP.match(url)):
        where = Address(url=url, scheme="ssh", host=found["host"].strip("[]").lower(), port=22)
    elif scheme in SCHEMES:
        where = _of_url(url, scheme)
    else:
        raise BadRequest(
            f"{scrub(url)!r} is not a supported repository URL. Use https://, ssh://, user@host:path or file://.",
            code="bad_repository_name",
            field="url",
        )
    require_taken(where.scheme, where.host)
    return where


def require_taken(scheme: str, host: str, *, field: str = "url") -> None:
    """Raises BadRequest for a host that is not written plainly, NotAllowed for one that MGX_GIT_HOSTS, or a scheme that
    MGX_GIT_SCHEMES leaves out. ``host`` is in lower case, an IPv6 address without brackets."""
    if not _is_plain(host):
        raise BadRequest(
            f"{host!r} is not a valid host. Write a name in ASCII (xn--…) without a dot at its end, an IPv4 "
            "address as four decimal numbers, or an IPv6 address without a zone.",
            code="bad_repository_name",
            field=field,
        )
    if scheme not in settings.MGX_GIT_SCHEMES:
        raise NotAllowed(
            f"This server does not access repositories over {scheme}.",
            code="scheme_refused",
            hint=f"Use {' or '.join(settings.MGX_GIT_SCHEMES) or 'a local path'}; the operator sets MGX_GIT_SCHEMES.",
            field=field,
        )
    patterns = [pattern.strip().lower() for pattern in settings.MGX_GIT_HOSTS]
    if patterns and not any(_matches(host, pattern) for pattern in patterns):
        raise NotAllowed(
            f"This server does not access repositories on {host}.",
            code="host_refused",
            hint="Ask its operator to add the host to MGX_GIT_HOSTS.",
            field=field,
        )


def require_api(url: str, *, secret: bool, listed_as: str = "") -> None:
    """Raises BadRequest or NotAllowed for an API that the settings exclude, or that would receive a secret in clear text.

    ``listed_as`` is the host that operators list for the service, where its API has another; that of ``url`` when left out.
    """
    parts = split(url)
    host = parts.hostname or ""
    require_taken(parts.scheme, listed_as or host, field="api_base_url")
    if secret and parts.scheme == "http" and not is_loopback(host):
        raise NotAllowed("A credential is never sent over plain http. Use the https URL.", code="credential_over_http")


def is_loopback(host: str) -> bool:
    """By its name or address as written; looks nothing up."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def resolve(where: Address) -> list[str]:
    """The host's addresses that may be connected to; empty if only a proxy can look it up.

    Raises AddressRefused if there are none, GitCommandFailed if the name is unknown.
    """
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        if where.scheme != "ssh" and proxy_of(where.url):
            return []
        raise GitCommandFailed(f"The host {where.host} can't be resolved.", code="unreachable") from None
    ips = reachable(str(entry[4][0]) for entry in found)
    if not ips:
        raise AddressRefused(refusal(where.host), hint=HINT)
    return ips


def _of_url(url: str, scheme: str) -> Address:
    parts = split(url)
    host, port = parts.hostname or "", SCHEMES[scheme] if parts.port is None else parts.port
    if not host or not port or not parts.path.strip("/"):
        raise BadRequest(f"{scrub(url)!r} must contain a host and a repository path.", code="bad_repository_name", field="url")
    user, at, _ = parts.netloc.rpartition("@")
    if at and scheme != "ssh":
        raise BadRequest("Put the credential into its own field, not into the URL.", code="credential_in_url", field="url")
    if at and not _USER.fullmatch(user):
        raise BadRequest(
            "The user in an ssh URL must be a plain name. Put a key into the credential field.",
            code="bad_repository_name",
            field="url",
        )
    return Address(url=url, scheme=scheme, host=host, port=port)


def _is_plain(host: str) -> bool:
    if ":" in host:
        return "%" not in host and is_address(host)
    return is_address(host) or (_NAME.fullmatch(host) is not None and _NUMBER.fullmatch(host) is None)


def _matches(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
