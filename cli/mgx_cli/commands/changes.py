"""``mgx changes``: review a finished change before it is delivered, and decide on its parts."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from mgx_cli.commands.shared import AsJson, RunOrLast, application
from mgx_cli.errors import UsageError
from mgx_cli.hunks import ask_about, change_lines, decided_by, tell_next
from mgx_cli.ids import find_run, short
from mgx_cli.output import put_json
from mgx_cli.run_state import asks_for
from mgx_cli.session import open_api
from mgx_cli.wrap import put_line

app = application()
PART = "PATH[:HUNK]"


@app.command()
def changes(
    context: typer.Context,
    run: RunOrLast = None,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", "-a", metavar=PART, help="Accept a file, or one hunk of it.")
    ] = None,
    reject: Annotated[
        list[str] | None, typer.Option("--reject", "-r", metavar=PART, help="Reject a file, or one hunk of it.")
    ] = None,
    message: Annotated[
        str,
        typer.Option("--message", "-m", metavar="TEXT", help="What to do instead. Without it, rejected parts are removed."),
    ] = "",
    accept_all: Annotated[
        bool, typer.Option("--accept-all", help="Accept everything that is undecided, and continue.")
    ] = False,
    done: Annotated[bool, typer.Option("--done", help="Finish the review; the run continues.")] = False,
    stat: Annotated[bool, typer.Option("--stat", help="Show only the files, without their hunks.")] = False,
    as_json: AsJson = False,
) -> None:
    """Review a change: accept or reject its files and hunks.

    On a terminal it asks about each hunk. The run continues when everything is decided: accepted parts are delivered, rejected
    parts are removed, or replaced according to your message.

    \b
    Examples:
      mgx changes 01a2056e
      mgx changes 01a2056e --accept-all
      mgx changes 01a2056e --reject app/main.py:2 -m "keep the old route" --accept-all
      mgx changes 01a2056e --json | jq -r '.files[].path'
    """
    api = open_api(context)
    found = find_run(api, run)
    path = f"/api/runs/{found['id']}/changes"
    shown: dict[str, Any] = api.get(path)
    decides = bool(accept or reject or accept_all or done or message)
    if decides:
        decisions = decided_by(shown, accept or (), reject or (), message)
        closes = accept_all or done
        body: dict[str, Any] = {"round": shown["round"], "decisions": decisions, "done": closes, "accept_rest": accept_all}
        if message and not reject:
            if not closes:
                raise UsageError(
                    "--message requires --reject, or --accept-all or --done for a message about the whole change.",
                    hint=f'For example: mgx changes {short(found["id"])} --done -m "also update the README"',
                )
            body["comment"] = message
        shown = api.post(path, body)
    if as_json:
        put_json(shown)
        return
    if not decides and asks_for(shown, "changes") and sys.stdin.isatty() and sys.stdout.isatty() and not stat:
        shown = ask_about(api, path, shown)
    elif not decides or not (accept_all or done):
        for line in change_lines(shown, hunks=not stat):
            put_line(line)
    tell_next(found, shown)
