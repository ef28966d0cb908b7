"""``mgx workspace``: the workspaces that one belongs to."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Any

import typer

from mgx_cli.api import Api
from mgx_cli.commands.account import read_secret
from mgx_cli.commands.shared import AsJson, application
from mgx_cli.errors import NoAccess, Usage
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


@workspaces.command()
def members(context: typer.Context, as_json: AsJson = False) -> None:
    """List who belongs to the workspace.

    \b
    Example:
      mgx workspace members
    """
    api = open_api(context)
    rows = list(api.items(f"/api/workspaces/{_current(api)['id']}/members"))
    if as_json:
        put_json({"items": rows})
        return
    cells = [(one_line(row["username"]), str(row["role"]), one_line(row["email"])) for row in rows]
    put_table(("USER", "ROLE", "EMAIL"), cells)


@workspaces.command()
def invite(
    context: typer.Context,
    role: Annotated[str, typer.Option(metavar="ROLE", help="viewer, developer, admin or owner.")] = "developer",
    email: Annotated[str, typer.Option(metavar="ADDRESS", help="Only the account with this address may accept.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make an invitation and print its secret, this once. Give it to the person; it is good for 7 days.

    \b
    Examples:
      mgx workspace invite
      mgx workspace invite --role viewer --email ada@example.org
    """
    api = open_api(context)
    body = {"role": role, **({"email": email} if email else {})}
    row = api.post(f"/api/workspaces/{_current(api)['id']}/invitations", body)
    if as_json:
        put_json(row)
        return
    put(str(row["token"]))
    say("It is shown this once. The person joins with: mgx workspace join --user NAME")


@workspaces.command()
def join(
    context: typer.Context,
    user_name: Annotated[str, typer.Option("--user", metavar="NAME", help="Your account; its password is asked for.")],
    as_json: AsJson = False,
) -> None:
    """Accept an invitation. Its secret and your password are asked for: an API token can't say yes for you.

    \b
    Example:
      mgx workspace join --user ada
    """
    api = open_api(context)
    secret = read_secret("Invitation: ", False)
    password = read_secret(f"Password of {user_name}: ", False)
    anonymous = Api(replace(api.server, token="", workspace=""))
    pair = anonymous.post("/api/auth/token", {"username": user_name, "password": password})
    person = Api(replace(api.server, token=pair["access"], workspace=""))
    row = person.post("/api/invitations/accept", {"token": secret})
    if as_json:
        put_json(row)
        return
    put(str(row["slug"]))
    say(f"You are {row['role']} there now. Sign in to it: mgx --workspace {one_line(row['slug'])} login --user {user_name}")


@workspaces.command()
def leave(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Say that you mean it.")] = False,
) -> None:
    """Leave the workspace. Your tokens of it end at once; only an invitation brings you back.

    \b
    Example:
      mgx workspace leave --yes
    """
    api = open_api(context)
    row = _current(api)
    if not yes:
        raise Usage(f"You would lose your place in {one_line(row['slug'])}.", hint="Say it: mgx workspace leave --yes")
    api.delete(f"/api/workspaces/{row['id']}/members/{api.get('/api/me')['id']}")
    say(f"You have left {one_line(row['slug'])}.")


def _current(api: Api) -> dict[str, Any]:
    """The workspace that commands act for. Raises NoAccess when it is unclear."""
    rows: list[dict[str, Any]] = api.get("/api/me")["workspaces"]
    wanted = api.server.workspace.lower()
    found = [row for row in rows if not wanted or wanted in (str(row["slug"]).lower(), str(row["id"]))]
    if len(found) != 1:
        raise NoAccess("Which workspace?", hint="Name it with --workspace. See: mgx workspace list")
    return found[0]
