"""Checks a repository: whether it can be read, its current name, and our permissions. Stores nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from mgx_project.common.async_db import let_go
from mgx_project.common.errors import Conflict, NotFound

from .git import local_repositories
from .git.remote import RemoteSource, reach
from .hosting.base import RemoteRepository
from .hosting.provider import RepositoryRef
from .hosting.registry import host_of
from .models import RepositoryLink


@dataclass(frozen=True)
class RepositoryState:
    """What probing a repository has shown: it can be read. ``default_branch`` is empty for one without commits; ``full_name``
    is the present one where the hosting service tells it, and so are its ``host_id`` and the ``etag`` of this state."""

    default_branch: str
    permissions: dict[str, bool]
    full_name: str = ""
    host_id: str = ""
    etag: str = ""


async def _probe(source: RemoteSource, *, allow_dirty: bool) -> RepositoryState:
    async with reach(source) as remote:
        if remote.where.path and not allow_dirty:
            await local_repositories.require_committed(remote.where.path)
        refs, head = await remote.refs("HEAD")
        return RepositoryState(head if refs else "", {"read": True})


def probe_remote(source: RemoteSource, *, allow_dirty: bool = True) -> RepositoryState:
    """Reads the repository's head, within 30 s. Call it outside any transaction and event loop.

    Raises BadRequest, NotAllowed, NotFound, Conflict (uncommitted changes, unless ``allow_dirty``) or GitCommandFailed.
    """
    let_go()
    return asyncio.run(_probe(source, allow_dirty=allow_dirty))


def probe(linked: RepositoryRef | RepositoryLink, *, allow_dirty: bool = True) -> RepositoryState:
    """Asks the hosting service where there is one, else git itself. Call it outside any transaction and event loop.

    What a link has seen before is asked for again on condition that it changed, which costs nothing of the service's limit.
    Raises what `probe_remote` does, HostBusy or HostFailed, and Conflict for a repository that is archived or another one now.
    """
    host = host_of(linked)
    if host is None:
        return probe_remote(RemoteSource(url=linked.clone_url, credential=linked.credential), allow_dirty=allow_dirty)
    before = linked if isinstance(linked, RepositoryLink) else None
    try:
        found = host.repository(before.etag) if before else host.repository()
    except NotFound as error:
        raise _lost(before) if before and before.host_id else error from None
    if found is None:
        assert before is not None
        return RepositoryState(before.seen_branch, before.permissions, before.repo_full_name, before.host_id, before.etag)
    if before is not None:
        _require_same(before, found)
    if found.archived:
        raise Conflict(
            f"{found.full_name} is archived, so nothing can be pushed. Unarchive it, or link another repository.",
            code="archived",
        )
    return RepositoryState(found.default_branch, dict(found.permissions), found.full_name, found.id, found.etag)


def _lost(before: RepositoryLink) -> NotFound:
    return NotFound(
        f"{before.api_base_url}: {before.repo_full_name} was deleted or moved, or this credential lost its access.",
        code="repository_not_found",
        hint="Give the link a credential with access, or unlink the repository.",
    )


def _require_same(before: RepositoryLink, found: RemoteRepository) -> None:
    if before.host_id and found.id and before.host_id != found.id:
        raise Conflict(
            f"{found.full_name} is now another repository than the one that was linked.",
            code="repository_replaced",
            hint="Link it again if this is the repository you want, or unlink it.",
        )
