"""Parses what a person types (`owner/name`, a URL, or a path) into a canonical reference to a repository."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote, urlsplit

from mgx_project.common.errors import BadRequest

from .git import local_repositories
from .git.address import address, split_credential
from .hosting.provider import HostingProvider, RepositoryRef
from .hosting.registry import PLAIN_GIT, PROVIDERS, provider_of


def parse_reference(
    *, url: str, provider: str = "", credential: str = "", api_base_url: str = "", installation_id: int | None = None
) -> RepositoryRef:
    """Without a provider, the first that recognises ``url`` is meant (`owner/name` is GitHub's), else plain git. A credential
    in the URL is taken out of it.

    Raises BadRequest for an invalid reference, NotAllowed for a local path outside the roots.
    """
    url, found = split_credential(url.strip())
    credential = credential or found
    service = provider_of(provider) if provider else _recognising(url)
    if service is not None:
        named = service.reference(url, credential=credential, api_base_url=api_base_url)
        return replace(named, installation_id=installation_id)
    if ":" not in url and not url.startswith(("/", ".", "~")):
        raise BadRequest(
            f"{url!r} is not a repository. Write owner/name, or a git URL such as https://git.example.com/team/shop.git.",
            code="bad_repository_name",
            field="url",
        )
    where = address(url)
    path = local_repositories.path_of(url)
    return RepositoryRef(PLAIN_GIT, where.url, path.name if path else _full_name(where.url), credential)


def _recognising(url: str) -> HostingProvider | None:
    return next((provider for provider in PROVIDERS.values() if provider.recognises(url)), None)


def renamed(clone_url: str, old: str, new: str) -> str:
    """The URL to clone after a rename; the host stays the one that was linked."""
    return clone_url.removesuffix(f"/{old}.git") + f"/{new}.git" if clone_url.endswith(f"/{old}.git") else clone_url


def _full_name(url: str) -> str:
    """The last two parts of the path: owner/name."""
    path = urlsplit(url).path if "://" in url else url.partition(":")[2]
    parts = [unquote(part) for part in path.split("/") if part]
    return "/".join(parts[-2:]).removesuffix(".git")[:300] or url[:300]
