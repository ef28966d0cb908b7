"""Commands for the embedded server, and for the stacks of a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mgx_cli import embedded
from mgx_cli.commands.shared import AsJson, application
from mgx_cli.errors import UsageError
from mgx_cli.output import put, put_json, put_table, say
from mgx_cli.session import open_api

app = application()


@app.command()
def up(as_json: AsJson = False) -> None:
    """Start the embedded server of this checkout (PostgreSQL, Valkey, web, worker) and wait until it is ready.

    \b
    Example:
      mgx up
    """
    found = embedded.up()
    if as_json:
        put_json(
            {name: value for name, value in found.items() if name in ("pid", "base_url", "ports", "started_at", "version")}
        )
    else:
        put(str(found["base_url"]))
        say(f"Ready (pid {found['pid']}). Stop it with: mgx down")


@app.command()
def down(as_json: AsJson = False) -> None:
    """Stop the embedded server. Active runs continue when it is started again.

    \b
    Example:
      mgx down
    """
    was = embedded.state()
    embedded.down()
    if as_json:
        put_json({"stopped": was is not None})
    else:
        say("Stopped." if was else "The embedded server was not running.")


@app.command()
def allow(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A directory of this machine.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Allow the embedded server to use a directory and what is below it.

    `mgx task` allows the repository that a task is for. This is for directories in which git keeps a part of one: the
    repository of a linked worktree or a submodule, or the objects that a clone borrows.

    \b
    Example:
      mgx allow ~/src/shop/.git
    """
    path = directory.expanduser().resolve()
    if not path.is_dir():
        raise UsageError(f"{directory} is not a directory.", hint="Give an existing directory.")
    embedded.allow(path)
    if as_json:
        put_json({"directory": str(path)})
    else:
        put(str(path))


@app.command()
def stacks(context: typer.Context, as_json: AsJson = False) -> None:
    """List the supported stacks. A task may also be for none of them: --stack none.

    \b
    Examples:
      mgx stacks
      mgx stacks --json | jq -r '.items[].id'
    """
    answer = open_api(context).get("/api/stacks")
    rows = answer["items"] if isinstance(answer, dict) else answer
    if as_json:
        put_json({"items": rows})
        return
    put_table(
        ("ID", "LANGUAGE", "TYPE", "PACKAGES", "TITLE", "NOT HERE"),
        [
            (
                *(str(row.get(name) or "-") for name in ("id", "language", "project_type", "package_manager", "title")),
                ", ".join(name for name, here in (row.get("tools") or {}).items() if not here) or "-",
            )
            for row in rows
        ],
    )
