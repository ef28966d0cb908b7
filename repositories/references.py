"""Parses what a person types (`owner/name`, a URL, or a path) into a canonical reference to a repository."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from django.conf import settings

from mgx_project.common.errors import BadRequest

from .git import local_repositories
from .git.address import address, require_api, split, split_credential
from .git.remote import RemoteSource
from .models import RepositoryLink

Provider = RepositoryLink.Provider
_OWNER_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
"""GitHub's own rule for account and repository names."""


@dataclass(frozen=True)
class RepositoryRef:
    """``credential`` is never shown; ``installation_id`` names the GitHub App's installation that acts instead of it."""

    provider: Provider
    clone_url: str
    repo_full_name: str
    credential: str = field(default="", repr=False)
    api_base_url: str = ""
    installation_id: int | None = None

    def source(self) -> RemoteSource:
        return RemoteSource(url=self.clone_url, credential=self.credential)


def parse_reference(
    *, url: str, provider: str = "", credential: str = "", api_base_url: str = "", installation_id: int | None = None
) -> RepositoryRef:
    """Without a provider, `owner/name` is GitHub's and everything else plain git. A credential in the URL is taken out of it.

    Raises BadRequest for an invalid reference, NotAllowed for a local path outside the roots.
    """
    url, found = split_credential(url.strip())
    credential = credential or found
    if provider == Provider.GITHUB or (not provider and _OWNER_NAME.fullmatch(url)):
        return replace(_github(url, credential, api_base_url), installation_id=installation_id)
    if ":" not in url and not url.startswith(("/", ".", "~")):
        raise BadRequest(
            f"{url!r} is not a repository. Write owner/name, or a git URL such as https://git.example.com/team/shop.git.",
            code="bad_repository_name",
            field="url",
        )
    where = address(url)
    path = local_repositories.path_of(url)
    return RepositoryRef(Provider.GIT, where.url, path.name if path else _full_name(where.url), credential)


def _github(url: str, credential: str, api_base_url: str) -> RepositoryRef:
    api = (api_base_url or settings.MGX_GITHUB_API_URL).rstrip("/")
    parts = split(api)
    if parts.scheme not in {"https", "http"} or not parts.netloc or "@" in parts.netloc:
        raise BadRequest("api_base_url must be an https URL such as https://api.github.com.", field="api_base_url")
    require_api(api, secret=bool(credential))
    web = f"{parts.scheme}://{'github.com' if parts.netloc == 'api.github.com' else parts.netloc}"
    full_name = url.removeprefix(f"{web}/").removesuffix("/").removesuffix(".git")
    if not _OWNER_NAME.fullmatch(full_name):
        raise BadRequest(
            f"{url!r} is not a repository on {web}. Write owner/name or {web}/owner/name.",
            code="bad_repository_name",
            field="url",
        )
    clone_url = f"{web}/{full_name}.git"
    address(clone_url)
    return RepositoryRef(Provider.GITHUB, clone_url, full_name, credential, api)


def renamed(clone_url: str, old: str, new: str) -> str:
    """The URL to clone after a rename; the host stays the one that was linked."""
    return clone_url.removesuffix(f"/{old}.git") + f"/{new}.git" if clone_url.endswith(f"/{old}.git") else clone_url


def _full_name(url: str) -> str:
    """The last two parts of the path: owner/name."""
    path = urlsplit(url).path if "://" in url else url.partition(":")[2]
    parts = [unquote(part) for part in path.split("/") if part]
    return "/".join(parts[-2:]).removesuffix(".git")[:300] or url[:300]
