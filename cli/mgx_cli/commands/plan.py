"""``mgx plan``: show and edit a run's plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mgx_cli.commands.shared import AsJson, RunOrLast, application
from mgx_cli.errors import NotInState
from mgx_cli.ids import find_run, short
from mgx_cli.output import put_json, say
from mgx_cli.plan_editing import edited, sent
from mgx_cli.render import plan_lines
from mgx_cli.run_state import asks_for, label
from mgx_cli.session import open_api
from mgx_cli.wrap import put_line

app = application()


@app.command()
def plan(
    context: typer.Context,
    run: RunOrLast = None,
    edit: Annotated[
        bool, typer.Option("--edit", help="Edit the plan as Markdown in $EDITOR while it is awaiting approval.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Take the plan from this file (Markdown or JSON) and send it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a run's plan: steps with reasons, risks, open questions and the estimate.

    \b
    Examples:
      mgx plan 01a2056e
      mgx plan 01a2056e --edit
      mgx plan 01a2056e --file plan.md
      mgx plan 01a2056e --json | jq -r '.steps[].files[]'
    """
    api = open_api(context)
    found = find_run(api, run)
    if not found.get("plan"):
        raise NotInState(f"Run #{found.get('run_number')} has no plan yet: it is {label(found)}.")
    if file is not None:
        found = sent(api, found, file)
    elif edit:
        found = edited(api, found)
    if as_json:
        put_json(found["plan"])
        return
    for line in plan_lines(found["plan"], found.get("plan_version")):
        put_line(line)
    if asks_for(found, "approve"):
        name = short(found["id"])
        say(f'Decide with:\n  mgx approve {name}\n  mgx reject {name} -m "what should change"')
