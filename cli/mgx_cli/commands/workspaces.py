"""``mgx workspace``: the workspaces that one belongs to."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from mgx_cli.commands.shared import AsJson, application
from mgx_cli.output import one_line, put, put_json, put_table, say
from mgx_cli.session import open_api

app = application()
workspaces = application()
HELP = """The workspaces that you belong to; they share nothing.

\b
Example:
  mgx workspace list
"""
app.add_typer(workspaces, name="workspace", no_args_is_help=True, help=HELP)


@workspaces.command(name="list")
def list_workspaces(context: typer.Context, as_json: AsJson = False) -> None:
    """List your workspaces and your role in each. An API token sees its own only.

    \b
    Example:
      mgx workspace list
    """
    rows = list(open_api(context).items("/api/workspaces"))
    if as_json:
        put_json({"items": rows})
        return
    put_table(
        ("WORKSPACE", "ROLE", "NAME"), [(one_line(row["slug"]), str(row["role"]), one_line(row["name"], 60)) for row in rows]
    )


@workspaces.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it.", show_default=False)],
    slug: Annotated[str | None, typer.Option(metavar="SLUG", help="Its name in commands; made from NAME otherwise.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a workspace with you as its owner.

    \b
    Examples:
      mgx workspace create "Shop team"
      mgx workspace create "Shop team" --slug shop
    """
    slug = slug or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    row = open_api(context).post("/api/workspaces", {"name": name, "slug": slug})
    if as_json:
        put_json(row)
        return
    put(str(row["slug"]))
    say(f"A token is of one workspace. Sign in to this one with: mgx --workspace {one_line(row['slug'])} login --user NAME")
