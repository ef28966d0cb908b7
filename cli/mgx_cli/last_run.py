"""The last run of the repository around the current directory, for commands that name no run, and for ``@last``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mgx_cli import git_answers
from mgx_cli.api import Api
from mgx_cli.errors import NoAccess
from mgx_cli.output import one_line

Row = dict[str, Any]
_SCP = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!/)(.+)")
"""git@host:owner/name.git, as ssh takes it."""


def last_run(api: Api) -> dict[str, Any]:
    """Outside of a repository it is the last run of the workspace. Raises ``NoAccess`` if there is none."""
    here = addresses(Path.cwd())
    newest = next(iter(runs_of(api, links_at(api.items("/api/repositories"), here) if here else None, {}, 1)), None)
    if newest is None:
        where = f"of this repository ({one_line(min(here, key=len))})" if here else "in this workspace"
        raise NoAccess(f"There is no run {where} yet.", hint="Name one of: mgx list")
    run: dict[str, Any] = api.get(f"/api/runs/{newest['id']}")
    return run


def runs_of(api: Api, links: Sequence[Row] | None, query: Mapping[str, Any], most: int) -> list[Row]:
    """The newest runs of these repositories, or of the whole workspace for None."""
    if links is None:
        return list(api.items("/api/runs", query, most=most))
    found = [run for link in links for run in api.items("/api/runs", {**query, "repository_id": link["id"]}, most=most)]
    return sorted(found, key=lambda run: str(run.get("created_at")), reverse=True)[:most]


def links_at(links: Iterable[Row], places: set[str]) -> list[Row]:
    return [row for row in links if place_of(row.get("clone_url") or "") in places]


def run_link(api: Api, run: Row) -> Row | None:
    """The repository that the run was for; None if it is no longer linked."""
    wanted = run["repository_id"] if "repository_id" in run else api.get(f"/api/tasks/{run['task_id']}").get("repository_id")
    return next((row for row in api.items("/api/repositories") if row["id"] == wanted), None)


def place_of(address: str) -> str:
    """Where a repository is, for a comparison: without scheme, account and ``.git``. Services ignore the case of names."""
    parts = urlsplit(address)
    if parts.scheme == "file":
        found = unquote(parts.path)
    elif parts.scheme and parts.hostname:
        found = f"{parts.hostname}{parts.path}".lower()
    elif scp := _SCP.fullmatch(address):
        found = f"{scp[1]}/{scp[2]}".lower()
    else:
        found = address
    return found.rstrip("/").removesuffix(".git").rstrip("/")


def addresses(directory: Path) -> set[str]:
    """The places of the repository around ``directory``: its own, and those of its remotes. Empty outside of one."""
    asked = (git_answers.ask(directory, "rev-parse", option).output for option in ("--show-toplevel", "--absolute-git-dir"))
    top = next((line for line in asked if line), None)
    if top is None:
        return set()
    remotes = git_answers.ask(directory, "config", "--get-regexp", r"^remote\..*\.url$").output or ""
    urls = [line.partition(" ")[2] for line in remotes.splitlines()]
    return {place_of(address) for address in (str(Path(top.rstrip("\n")).resolve()), *urls) if address}
