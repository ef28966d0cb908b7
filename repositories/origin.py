"""Where a run's code comes from and its branch goes to: a link of its project, or nothing at all."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import Path

from mgx_project.common.errors import NotFound

from . import local
from .checkout import Source
from .models import RepositoryLink


@dataclass(frozen=True)
class Origin:
    """``url`` is empty when there is no repository: the work then begins with an empty tree and ends as artifacts."""

    name: str = ""
    url: str = ""
    branch: str = ""
    credential: str = field(default="", repr=False)
    allow_dirty: bool = False

    def source(self) -> Source:
        return Source(url=self.url, branch=self.branch, credential=self.credential, allow_dirty=self.allow_dirty)


def origin_of(
    *, workspace_id: uuid.UUID, project_id: uuid.UUID, repository_id: uuid.UUID | None, allow_dirty: bool = False
) -> Origin:
    """The named link, else the project's primary one, else none. Raises NotFound for a named link that is gone."""
    links = RepositoryLink.objects.of(workspace_id).exclude(status=RepositoryLink.Status.DISCONNECTED)
    chosen = links.filter(pk=repository_id) if repository_id else links.filter(project_id=project_id, is_primary=True)
    link = chosen.first()
    if link is None:
        if repository_id:
            raise NotFound("The repository of this task is no longer linked. Link it again, or make a task for another one.")
        return Origin()
    return Origin(link.repo_full_name, link.clone_url, link.default_branch, link.credential, allow_dirty)


async def publish(origin: Origin, branch: str) -> Path | None:
    """Where a person finds the files: in a new project's own directory, checked out there; None for a remote.

    A directory that already has a checkout is left as it is, and only named.
    """
    if not origin.url.startswith("file://"):
        return None
    path = local.allowed(origin.url)
    await local.publish_new(path, branch)
    return path
