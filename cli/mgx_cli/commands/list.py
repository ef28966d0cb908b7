"""The list of runs. It is asked for most, so its module imports nothing that only other commands need."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mgx_cli import completion_values
from mgx_cli.commands.shared import AsJson, application
from mgx_cli.ids import shortest
from mgx_cli.last_run import addresses, links_at, place_of, runs_of
from mgx_cli.output import one_line, put_json, put_table, say
from mgx_cli.render import age, cost, duration
from mgx_cli.run_state import style
from mgx_cli.session import open_api

app = application()


@app.command(name="list")
def list_runs(
    context: typer.Context,
    every: Annotated[
        bool, typer.Option("--all", "-a", help="Runs of all repositories. Default: only those of this one.")
    ] = False,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="Only runs in this state, such as awaiting_approval.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(metavar="ID", help="Only runs of this task.", autocompletion=completion_values.tasks)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Number of runs to show, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the runs of the repository around the current directory, newest first; outside of one, all of them.

    \b
    Examples:
      mgx list
      mgx list --all
      mgx list --status awaiting_approval
      mgx list --json | jq -r '.items[].branch_name'
    """
    api = open_api(context)
    here = set() if every or task else addresses(Path.cwd())
    links = [] if as_json and not here else list(api.items("/api/repositories"))
    runs = runs_of(api, links_at(links, here) if here else None, {"status": status, "task_id": task}, limit)
    if as_json:
        put_json({"items": runs})
        return
    if not runs:
        where = " of this repository" if here else ""
        rest = "   Those of others: mgx list --all" if here else ""
        say(f'No runs{where} yet. Start one with: mgx task "Create a FastAPI health endpoint"{rest}')
        return
    names = {row["id"]: _place_name(row) for row in links}
    width = shortest(str(run["id"]) for run in runs)
    put_table(
        ("RUN", "#", "STATUS", "REPOSITORY", "STACK", "AGE", "DURATION", "COST", "TASK"),
        [
            (
                str(run["id"])[:width],
                str(run.get("run_number", "")),
                str(run["status"]),
                names.get(run.get("repository_id"), "-"),
                str(run.get("stack") or "-"),
                age(run.get("created_at") or run.get("started_at")) or "-",
                "-" if run.get("duration") is None else duration(run["duration"]),
                cost((run.get("usage") or {}).get("cost_usd")) or "-",
                one_line(run.get("task_name") or (run.get("plan") or {}).get("summary") or "-", 60),
            )
            for run in runs
        ],
        styles=[style(run) for run in runs],
    )


def _place_name(link: dict[str, Any]) -> str:
    """Short: octocat/shop, or the directory's name."""
    name = str(link.get("repo_full_name") or "")
    return one_line(name if name and ":" not in name else place_of(str(link.get("clone_url") or name)).rpartition("/")[2], 30)
