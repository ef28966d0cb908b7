"""``mgx notification``: the runs that wait for a person, each with the command that continues it."""

from __future__ import annotations

import sys
from itertools import islice
from typing import Annotated

import typer

from mgx_cli.commands.shared import AsJson, application
from mgx_cli.ids import shortest
from mgx_cli.output import one_line, put_json, put_table, say
from mgx_cli.render import age
from mgx_cli.run_state import Answer, label, next_commands, style, waits_for_person
from mgx_cli.session import open_api

app = application()


@app.command()
def notification(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Number of runs to show, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List what waits for a person in the workspace: plans, changes, questions and paused runs.

    \b
    Examples:
      mgx notification
      mgx notification --json | jq -r '.items[].task_name'
    """
    # the server counts pauses that end by themselves: those that wait behind them are asked for until there are enough
    found = open_api(context).items("/api/runs", {"waits_for_person": "true"}, most=sys.maxsize)
    runs = list(islice(filter(waits_for_person, found), limit))
    if as_json:
        put_json({"items": runs})
        return
    if not runs:
        say("Nothing waits for you.")
        return
    width = shortest(str(run["id"]) for run in runs)
    put_table(
        ("RUN", "WAITS", "AGE", "NEXT", "TASK"),
        [
            (
                str(run["id"])[:width],
                _state(run),
                age(run.get("created_at")) or "-",
                next_commands(run, str(run["id"])[:width])[0],
                one_line(run.get("task_name") or "-", 60),
            )
            for run in runs
        ],
        styles=[style(run) for run in runs],
    )


def _state(run: Answer) -> str:
    reason = one_line(run.get("pause_reason") or "", 30)
    return f"{label(run)} ({reason})" if reason else label(run)
