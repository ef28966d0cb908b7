"""Finds the existing link for ``mgx task --repo octocat/shop``, so that it is not linked again.

Linking requires the role admin, and linking with fewer details would remove the link's service and permissions.
"""

from __future__ import annotations

from typing import Any

from mgx_cli.api import Api
from mgx_cli.errors import NoAccess, UsageError
from mgx_cli.task_location import TaskLocation


def find_link(api: Api, place: TaskLocation, project_id: str | None) -> dict[str, Any] | None:
    """The link of a repository elsewhere, by its name or address; of ``project_id`` only where that is given. The project's own
    primary one, where nobody named a place.

    None where an address is not linked yet. Raises ``NoAccess`` for a name that is not, ``UsageError`` where it is linked to
    several projects.
    """
    if place.assumed and project_id is not None:
        primary = api.items("/api/repositories", {"project_id": project_id, "is_primary": "true"})
        return next((row for row in primary if not str(row["clone_url"]).startswith("file:")), None)
    if place.path is not None:
        return None
    rows = api.items("/api/repositories", {} if project_id is None else {"project_id": project_id})
    wanted = _address(place.url)
    found = [row for row in rows if wanted == _address(row.get("repo_full_name" if place.named else "clone_url") or "")]
    if len(found) > 1:
        raise UsageError(f"{place.url} is linked {len(found)} times.", hint="Choose the project: --project NAME")
    if not found and place.named:
        raise NoAccess(
            f"No repository {place.url!r} is linked in this workspace, and there is no such directory.",
            hint=f"Link it: mgx repo link {place.url} --token-env GITHUB_TOKEN",
        )
    return found[0] if found else None


def _address(url: str) -> str:
    """Normalises an address for comparison: services ignore the case of names."""
    return url.rstrip("/").removesuffix(".git").lower()
