"""Names of runs: a UUID, a unique prefix of it, or a run number; a task's id, for its last run, or ``TASK#N``; ``@last``.

Ids are UUIDv7, so the beginning is a time: eight digits last for about a minute, thirteen characters for a millisecond. Run
numbers count within a task, so small ones mean many runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from mgx_cli.api import Api
from mgx_cli.errors import ApiError, CLIError, NoAccess, UsageError
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


def find_run(api: Api, name: str | None) -> dict[str, Any]:
    """The run called ``name``; for None and ``@last`` the last one of this repository.

    Raises ``NoAccess`` if there is none and ``UsageError`` if there are several.
    """
    if name is None or name.strip().lower() == "@last":
        from mgx_cli.last_run import last_run

        return last_run(api)
    task, _, number = name.strip().lower().rpartition("#")
    if task:
        return _run_of_task(api, task, number)
    name = number
    if full := _uuid(name):
        try:
            run: dict[str, Any] = api.get(f"/api/runs/{full}")
        except ApiError as error:
            if error.status != 404:
                raise
            return _last_of_task(api, full, error)
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
        nothing = NoAccess(f"No run matches {name!r}.", hint="See: mgx list")
        tasks = [] if numbered else list(api.items("/api/tasks", {"id_prefix": name}, most=2))
        if len(tasks) != 1:
            raise nothing
        return _last_of_task(api, tasks[0]["id"], nothing)
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


def _run_of_task(api: Api, name: str, number: str) -> dict[str, Any]:
    """The run with this number of a task that is given by its id or a prefix of it."""
    wrong = not number.isdigit() or set(name) - set("0123456789abcdef-")
    if wrong or (not _uuid(name) and len(name) < SHORTEST_PREFIX):
        raise UsageError(
            f"{name}#{number} is not a run.", hint=f"Write TASK#N: the task's id, or {SHORTEST_PREFIX} characters of it, and N."
        )
    full = _uuid(name)
    tasks = [full] if full else [row["id"] for row in api.items("/api/tasks", {"id_prefix": name}, most=2)]
    if len(tasks) > 1:
        raise UsageError(f"{name!r} matches several tasks. Give more of the id.")
    found = [run for task in tasks for run in api.items("/api/runs", {"task_id": task, "run_number": int(number)}, most=1)]
    if not found:
        raise NoAccess(f"There is no run #{number} of a task {name!r}.", hint="See: mgx list")
    run: dict[str, Any] = api.get(f"/api/runs/{found[0]['id']}")
    return run


def _last_of_task(api: Api, task_id: str, nothing: CLIError) -> dict[str, Any]:
    """Raises ``nothing`` if this is not a task, or one that never ran."""
    newest = next(iter(api.items("/api/runs", {"task_id": task_id}, most=1)), None)
    if newest is None:
        raise nothing
    run: dict[str, Any] = api.get(f"/api/runs/{newest['id']}")
    return run


def _uuid(text: str) -> str:
    """In its usual form; "" for what is not one."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


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
