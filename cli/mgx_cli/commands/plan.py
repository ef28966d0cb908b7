"""``mgx plan``: show and edit a run's plan."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, RunOrLast, application
from mgx_cli.errors import CLIError, UsageError
from mgx_cli.ids import find_run, short
from mgx_cli.output import put_json, say
from mgx_cli.render import plan_lines
from mgx_cli.run_state import asks_for, label
from mgx_cli.session import open_api
from mgx_cli.wrap import put_line

app = application()


@app.command()
def plan(
    context: typer.Context,
    run: RunOrLast = None,
    edit: Annotated[bool, typer.Option("--edit", help="Edit the plan in $EDITOR while it is awaiting approval.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a run's plan: steps with reasons, risks, open questions and the estimate.

    \b
    Examples:
      mgx plan 01a2056e
      mgx plan 01a2056e --edit
      mgx plan 01a2056e --json | jq -r '.steps[].files[]'
    """
    api = open_api(context)
    found = find_run(api, run)
    if not found.get("plan"):
        raise UsageError(f"Run #{found.get('run_number')} has no plan yet: it is {label(found)}.")
    if edit:
        found = _edited(api, found)
    if as_json:
        put_json(found["plan"])
        return
    for line in plan_lines(found["plan"], found.get("plan_version")):
        put_line(line)
    if asks_for(found, "approve"):
        name = short(found["id"])
        say(f'Decide with:\n  mgx approve {name}\n  mgx reject {name} -m "what should change"')


def _edited(api: Api, run: dict[str, Any]) -> dict[str, Any]:
    """Sends the edited plan and returns the run. A plan that is refused, or that somebody else has changed meanwhile, stays in
    its file."""
    run, etag = api.get_with_etag(f"/api/runs/{run['id']}")
    if not asks_for(run, "approve"):
        raise UsageError(
            f"Run #{run.get('run_number')} is {label(run)}: a plan can only be edited while it is awaiting approval."
        )
    before = json.dumps(run["plan"], indent=2, ensure_ascii=False) + "\n"
    descriptor, name = tempfile.mkstemp(prefix=f"mgx-plan-{short(run['id'])}-", suffix=".json")
    file = Path(name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(before)
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    try:
        code = subprocess.run([*editor, name], check=False).returncode
    except OSError as error:
        file.unlink()
        raise UsageError(
            f"The editor {editor[0]} can't be started: {error.strerror}.", hint="Set EDITOR to an installed editor."
        ) from error
    after = file.read_text("utf-8", "replace")
    if code or after == before:
        file.unlink()
        say("The plan was not changed.")
        return run
    try:
        answer: dict[str, Any] = api.patch(f"/api/runs/{run['id']}", {"plan": json.loads(after)}, etag=etag)
    except ValueError as error:
        raise UsageError(f"The edited plan is not valid JSON: {error}.", hint=f"Your text is in {file}") from error
    except CLIError:
        say(f"Your text is in {file}", "yellow")
        raise
    file.unlink()
    return answer
