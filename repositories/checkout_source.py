"""The source of a run's checkout and the target of its branch: a link of its project, or none."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.conf import settings

from mgx_project.common.errors import NotFound

from .git import local_repositories
from .git.checkout import RemoteSource
from .hosting.base import HostingClient
from .hosting.registry import host_of
from .models import RepositoryLink


@dataclass(frozen=True)
class Origin:
    """``url`` is empty when there is no repository: the work then begins with an empty tree and ends as artifacts.

    ``host`` is the hosting service of the repository, None for plain git.
    """

    name: str = ""
    url: str = ""
    branch: str = ""
    credential: str = field(default="", repr=False)
    allow_dirty: bool = False
    host: HostingClient | None = field(default=None, repr=False, compare=False)
    link_id: uuid.UUID | None = field(default=None, compare=False)
    mirror: Path | None = field(default=None, repr=False, compare=False)
    updates_checkout: bool = False

    def facts(self) -> dict[str, uuid.UUID]:
        """What is stored with the run."""
        return {} if self.link_id is None else {"repository_id": self.link_id}

    async def ready(self) -> Origin:
        """The source with its credential: a short-lived token if the server's GitHub App acts.

        Raises HostBusy, HostFailed or NotAllowed.
        """
        if self.host is None or self.credential:
            return self
        login = await asyncio.to_thread(self.host.login)
        return replace(self, credential=login.secret)

    def source(self) -> RemoteSource:
        return RemoteSource(
            self.url, self.branch, self.credential, self.allow_dirty, self.mirror, updates_checkout=self.updates_checkout
        )


def origin_of(
    *, workspace_id: uuid.UUID, project_id: uuid.UUID, repository_id: uuid.UUID | None, allow_dirty: bool = False
) -> Origin:
    """The given link, or the project's primary link, or none. Raises NotFound if the given link was removed."""
    links = RepositoryLink.objects.for_workspace(workspace_id).exclude(status=RepositoryLink.Status.DISCONNECTED)
    chosen = links.filter(pk=repository_id) if repository_id else links.filter(project_id=project_id, is_primary=True)
    link = chosen.first()
    if link is None:
        if repository_id:
            raise NotFound(
                "The repository of this task is no longer linked. Link it again, or create a task for another repository."
            )
        return Origin()
    return Origin(
        link.repo_full_name, link.clone_url, link.default_branch, link.credential, allow_dirty, host_of(link), link.pk,
        mirror_of(link),
    )  # fmt: skip


def mirror_of(link: RepositoryLink) -> Path:
    """The directory of the link's mirror on this machine."""
    return Path(settings.MGX_DATA_DIR) / "mirrors" / str(link.workspace_id) / str(link.pk)


async def on_branch(origin: Origin, branch: str, *, of_new_project: bool) -> Origin:
    """``origin`` for a run that moves a ``branch`` on that is there already.

    In a directory that we made for a new project (``of_new_project``) that branch is the one that is checked out, by `publish`:
    the files there follow. Raises GitCommandFailed('branch_checked_out') for any other checkout that has it, and for one with
    changes: before anything is paid for.
    """
    path = local_repositories.path_of(origin.url)
    place = None if path is None else await local_repositories.place_of(path, branch)
    if path is not None and place is not None:
        if not of_new_project or place.resolve() != path:
            raise local_repositories.is_checked_out(branch, place)
        if await local_repositories.uncommitted(path, untracked=False):
            raise local_repositories.is_changed(branch, path)
    return replace(origin, branch=branch, updates_checkout=of_new_project)


async def publish(origin: Origin, branch: str) -> Path | None:
    """Where a person finds the files: in a new project's own directory, checked out there; None for a remote.

    A directory that already has a checkout is left as it is, and only named.
    """
    if not origin.url.startswith("file://"):
        return None
    path = local_repositories.allowed(origin.url)
    await local_repositories.publish_new(path, branch)
    return path
