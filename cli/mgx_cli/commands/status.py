"""``mgx status``: the current state of a run, and where its time went."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, RunOrLast, application
from mgx_cli.errors import UsageError
from mgx_cli.ids import find_run, short
from mgx_cli.output import one_line, paint, put, put_json, say
from mgx_cli.render import error_lines, plan_lines, result_lines
from mgx_cli.run_state import label, next_commands, style, waits_for_person
from mgx_cli.session import open_api
from mgx_cli.timing import timing_lines
from mgx_cli.wrap import put_line

app = application()


@app.command()
def status(
    context: typer.Context,
    run: RunOrLast = None,
    timing: Annotated[bool, typer.Option("--timing", help="Show where the time went, by phase and step.")] = False,
    profiles: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Save the flame graphs of a run started with --profile to DIR.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show one run: its state, plan, result and cost.

    A step's own time is that of the worker without models and sandbox. Open flame graphs in https://www.speedscope.app.

    \b
    Examples:
      mgx status
      mgx status 01a2056e
      mgx status 01a2056e --json
      mgx status 01a2056e --timing
      mgx status 01a2056e --profiles .
    """
    api = open_api(context)
    found = find_run(api, run)
    if timing or profiles is not None:
        _timing(api, found, profiles, as_json)
        return
    if as_json:
        put_json(found)
        return
    shown_state = paint(label(found), style(found) or "bold", sys.stdout)
    put(f"Run #{found.get('run_number')}  {found['id']}  {shown_state}")
    if found.get("task_name"):
        put(f"Task  {one_line(found['task_name'])}")
    if found.get("stack"):
        put(f"Stack {one_line(found['stack'])}")
    lines = [
        *(plan_lines(found["plan"], found.get("plan_version")) if found.get("plan") else ()),
        *result_lines(found),
        *error_lines(found),
    ]
    for line in lines:
        put_line(line)
    if waits_for_person(found):
        say(f"Next: {next_commands(found, short(found['id']))[0]}")


def _timing(api: Api, run: dict[str, Any], folder: Path | None, as_json: bool) -> None:
    """Prints where the run's time went, and saves its flame graphs to ``folder``."""
    found = api.get(f"/api/runs/{run['id']}/timing")
    graphs = found.get("profiles") or []
    if as_json:
        put_json(found)
    else:
        for line in timing_lines(found, shutil.get_terminal_size((100, 24)).columns):
            put_line(line)
        for graph in graphs:
            put_line([("profile  ", "cyan"), (one_line(graph["name"]), "")])
    if folder is not None:
        for graph in graphs:
            _save(api, run, graph, folder)
        if not graphs:
            say("The run has no flame graphs. Start a run with --profile to record them.", "yellow")
    elif graphs:
        say(f"Save them with: mgx status {short(run['id'])} --profiles DIR   Open them in https://www.speedscope.app")


def _save(api: Api, run: dict[str, Any], graph: dict[str, Any], folder: Path) -> None:
    # the name comes from the server, so it is never used as a path
    file = folder / (Path(str(graph["name"])).name or "profile.json")
    content = api.text(f"/api/runs/{run['id']}/artifacts/{graph['id']}", "application/json")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{file} can't be written: {error.strerror}.") from error
    say(f"Saved {file}")
