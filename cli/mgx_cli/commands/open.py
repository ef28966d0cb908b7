"""``mgx open``: open a run's pull request or page in the browser."""

from __future__ import annotations

import sys
import webbrowser
from typing import Annotated

import typer

from mgx_cli.commands.shared import AsJson, RunOrLast, application
from mgx_cli.errors import UsageError
from mgx_cli.ids import find_run
from mgx_cli.output import one_line, put, put_json
from mgx_cli.session import open_api

app = application()


@app.command(name="open")
def open_run(
    context: typer.Context,
    run: RunOrLast = None,
    page: Annotated[bool, typer.Option("--page", help="The run's own page, even if it has a pull request.")] = False,
    as_json: AsJson = False,
) -> None:
    """Open a run's pull request in the browser, or its page if there is none. Prints the address.

    \b
    Examples:
      mgx open
      mgx open 01a2056e
      mgx open 01a2056e --page
    """
    api = open_api(context)
    found = find_run(api, run)
    own = f"{api.server.base_url}/runs/{found['id']}"
    address = one_line(own if page else found.get("pr_url") or own)
    # the address comes from the server, and a browser opens more than web pages
    if not address.startswith(("https://", "http://")):
        raise UsageError(f"Run #{found.get('run_number')} has no web address: {address}")
    if as_json:
        put_json({"run_id": found["id"], "url": address})
        return
    put(address)
    if sys.stdout.isatty():
        webbrowser.open(address)
