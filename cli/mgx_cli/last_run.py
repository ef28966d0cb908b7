"""The last run of the repository around the current directory, for commands that name no run, and for ``@last``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mgx_cli import git_answers
from mgx_cli.api import Api
from mgx_cli.errors import NoAccess
from mgx_cli.output import one_line

_SCP = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!/)(.+)")
"""git@host:owner/name.git, as ssh takes it."""


def last_run(api: Api) -> dict[str, Any]:
    """Outside of a repository it is the last run of the workspace. Raises ``NoAccess`` if there is none."""
    here = _addresses(Path.cwd())
    if not here:
        newest = next(iter(api.items("/api/runs", most=1)), None)
        where = "in this workspace"
    else:
        links = [row["id"] for row in api.items("/api/repositories") if place_of(row.get("clone_url") or "") in here]
        runs = [run for link in links for run in api.items("/api/runs", {"repository_id": link}, most=1)]
        newest = max(runs, key=lambda run: (str(run.get("created_at")), str(run["id"])), default=None)
        where = f"of this repository ({one_line(min(here, key=len))})"
    if newest is None:
        raise NoAccess(f"There is no run {where} yet.", hint="Name one of: mgx list")
    run: dict[str, Any] = api.get(f"/api/runs/{newest['id']}")
    return run


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


def _addresses(directory: Path) -> set[str]:
    """The places of the repository around ``directory``: its own, and those of its remotes. Empty outside of one."""
    asked = (git_answers.ask(directory, "rev-parse", option).output for option in ("--show-toplevel", "--absolute-git-dir"))
    top = next((line for line in asked if line), None)
    if top is None:
        return set()
    remotes = git_answers.ask(directory, "config", "--get-regexp", r"^remote\..*\.url$").output or ""
    urls = [line.partition(" ")[2] for line in remotes.splitlines()]
    return {place_of(address) for address in (str(Path(top.rstrip("\n")).resolve()), *urls) if address}
