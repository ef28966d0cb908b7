"""Parses the name or URL of a repository on GitHub, with the address of the API, into the URL that git clones."""

from __future__ import annotations

import re

from django.conf import settings

from mgx_project.common.errors import BadRequest

from ...git import address as git_address
from ..provider import RepositoryRef

API_HOST, WEB_HOST = "api.github.com", "github.com"
"""Of github.com itself. An Enterprise server has its API below its own host."""

_OWNER_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
"""GitHub's own rule for account and repository names."""


def is_full_name(url: str) -> bool:
    """Whether it is `owner/name`."""
    return _OWNER_NAME.fullmatch(url) is not None


def reference(provider: str, url: str, credential: str, api_base_url: str) -> RepositoryRef:
    """``url`` is `owner/name`, or the repository's address in a browser. Raises BadRequest, NotAllowed."""
    api = (api_base_url or settings.MGX_GITHUB_API_URL).rstrip("/")
    parts = git_address.split(api)
    if parts.scheme not in {"https", "http"} or not parts.netloc or "@" in parts.netloc:
        raise BadRequest("api_base_url must be an https URL such as https://api.github.com.", field="api_base_url")
    require_api(api, secret=bool(credential))
    web = f"{parts.scheme}://{WEB_HOST if parts.netloc == API_HOST else parts.netloc}"
    full_name = url.removeprefix(f"{web}/").removesuffix("/").removesuffix(".git")
    if not is_full_name(full_name):
        raise BadRequest(
            f"{url!r} is not a repository on {web}. Write owner/name or {web}/owner/name.",
            code="bad_repository_name",
            field="url",
        )
    clone_url = f"{web}/{full_name}.git"
    git_address.address(clone_url)
    return RepositoryRef(provider, clone_url, full_name, credential, api)


def server(api_base_url: str) -> str:
    """As `HostingProvider.server` says it. Servers of GitHub keep no account with another one's."""
    parts = git_address.split(api_base_url)
    host = (parts.hostname or "").removesuffix(".")
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    where = host if parts.port in (None, usual) else f"{host}:{parts.port}"
    return "" if where == API_HOST else where


def require_api(url: str, *, secret: bool) -> None:
    """Raises what `repositories.git.address.require_api` raises. Operators list github.com, not the host of its API."""
    host = git_address.split(url).hostname or ""
    git_address.require_api(url, secret=secret, listed_as=WEB_HOST if host == API_HOST else host)
