"""Short ids: a run is given by its UUID, a unique prefix of it, or its run number.

Ids are UUIDv7, so the beginning is a time: eight digits last for about a minute, thirteen characters for a millisecond. Run
numbers count within a task, so small ones mean many runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from mgx_cli.api import Api
from mgx_cli.errors import NoAccess, UsageError
from mgx_cli.output import one_line

MOST = 1000
"""The most runs that are counted for an ambiguous name."""
SHORTEST_PREFIX = 6
"""Characters; fewer digits than that are a run number."""
SHOWN = 5


def short(run_id: str) -> str:
    """The short id of a run in messages, unique for its millisecond."""
    return run_id[:13]


def shortest(ids: Iterable[str], least: int = 8) -> int:
    """How many characters tell all of ``ids`` apart, ``least`` at the least."""
    every = set(ids)
    length = least
    while len({one[:length] for one in every}) < len(every):
        length += 1
    return length + 1 if length in (9, 14, 19, 24) else length


def find_run(api: Api, name: str) -> dict[str, Any]:
    """The run called ``name``. Raises ``NoAccess`` if there is none and ``UsageError`` if there are several."""
    name = name.strip().lower().removeprefix("#")
    try:
        full = str(UUID(name))
    except ValueError:
        full = ""
    if full:
        run: dict[str, Any] = api.get(f"/api/runs/{full}")
        return run
    if not name or set(name) - set("0123456789abcdef-"):
        raise UsageError(
            f"{name!r} is not a run. Give a run's id, the beginning of it, or its run number.", hint="See: mgx list"
        )
    numbered = name.isdigit() and len(name) < SHORTEST_PREFIX
    if not numbered and len(name) < SHORTEST_PREFIX:
        raise UsageError(f"{name!r} is too short. Give at least {SHORTEST_PREFIX} characters of the id.", hint="See: mgx list")
    if numbered:
        found = list(api.items("/api/runs", {"run_number": name}, most=MOST))
    else:
        found = list(api.items("/api/runs", {"id_prefix": name}, most=MOST))
    if not found:
        raise NoAccess(f"No run matches {name!r}.", hint="See: mgx list")
    if len(found) > 1:
        choices = "\n".join(
            f"  {run['id']}  #{run.get('run_number')}  {one_line(run.get('task_name') or '', 60)}" for run in found[:SHOWN]
        )
        many = (
            f"{len(found)} tasks have a run #{name}. Give its id"
            if numbered
            else f"{name!r} matches {len(found)} runs. Give more of the id"
        )
        raise UsageError(f"{many}:\n{choices}", hint=f"Only the newest {SHOWN} are shown." if len(found) > SHOWN else "")
    again: dict[str, Any] = api.get(f"/api/runs/{found[0]['id']}")
    return again


def find_project(api: Api, name: str) -> str:
    """The id of the project with this id, prefix of the id, slug or name.

    Raises NoAccess if none matches, UsageError if several do.
    """
    rows = list(api.items("/api/projects"))
    exact = [row for row in rows if name in (row["id"], row.get("slug"), row.get("name"))]
    found = exact or [row for row in rows if len(name) >= 8 and str(row["id"]).startswith(name.lower())]
    if len(found) == 1:
        return str(found[0]["id"])
    if found:
        raise UsageError(f"{name!r} matches {len(found)} projects. Give the id.")
    known = ", ".join(sorted(one_line(row.get("slug") or row.get("name")) for row in rows[:20]))
    raise NoAccess(f"There is no project {name!r} in this workspace.", hint=f"Known projects: {known or 'none'}")
