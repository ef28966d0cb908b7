"""``mgx workspace``: your workspaces and their members."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, RoleChoice, application, put_done, put_new_secret
from mgx_cli.config import UserFile
from mgx_cli.errors import NoAccess, UsageError
from mgx_cli.output import one_line, put, put_json, put_table, say
from mgx_cli.session import open_api, options_of
from mgx_cli.sign_in import read_secret, require_encryption, signed_in

app = application()
workspaces = application()
HELP = """List, create, join and leave workspaces.

\b
Example:
  mgx workspace list
"""
app.add_typer(workspaces, name="workspace", no_args_is_help=True, help=HELP)


@workspaces.command(name="list")
def list_workspaces(context: typer.Context, as_json: AsJson = False) -> None:
    """List your workspaces and your role in each. An API token sees only its own.

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
    name: Annotated[str, typer.Argument(metavar="NAME", help="Display name of the workspace.", show_default=False)],
    slug: Annotated[
        str | None, typer.Option(metavar="SLUG", help="Short name for commands. Default: derived from NAME.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a workspace with you as its owner.

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
    say(
        f"A token belongs to one workspace. Sign in to this one with: mgx --workspace {one_line(row['slug'])} login --user NAME"
    )


@workspaces.command()
def members(context: typer.Context, as_json: AsJson = False) -> None:
    """List the members of the workspace. Admins also see e-mail addresses.

    \b
    Examples:
      mgx workspace members
      mgx workspace members --json | jq -r '.items[].username'
    """
    api = open_api(context)
    rows = list(api.items(f"/api/workspaces/{current_workspace(api)['id']}/members"))
    if as_json:
        put_json({"items": rows})
        return
    cells = [(one_line(row["username"]), str(row["role"]), one_line(row["email"]) or "-") for row in rows]
    put_table(("USER", "ROLE", "EMAIL"), cells)


@workspaces.command()
def invite(
    context: typer.Context,
    role: Annotated[RoleChoice, typer.Option(metavar="ROLE", help="viewer, developer, admin or owner.")] = RoleChoice.DEVELOPER,
    email: Annotated[str, typer.Option(metavar="ADDRESS", help="Only the account with this address may accept.")] = "",
    as_json: AsJson = False,
) -> None:
    """Create an invitation and print its secret. The secret is shown only this once, and is valid for one person and 7 days.
    Owners only.

    \b
    Examples:
      mgx workspace invite
      mgx workspace invite --role viewer --email ada@example.org
    """
    api = open_api(context)
    body = {"role": role.value, **({"email": email} if email else {})}
    row = api.post(f"/api/workspaces/{current_workspace(api)['id']}/invitations", body)
    put_new_secret(
        row,
        as_json,
        f"Give it to one person, who joins with:\n  mgx --server {api.server.base_url} workspace join --user NAME",
    )


@workspaces.command()
def join(
    context: typer.Context,
    user_name: Annotated[str, typer.Option("--user", metavar="NAME", help="Your account on the server.")],
    secrets_stdin: Annotated[
        bool,
        typer.Option("--secrets-stdin", help="Read the invitation, then the password, from standard input, a line each."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Accept an invitation. Its secret and your password are prompted for, so that they do not appear in the shell history.

    An API token can't accept an invitation.

    \b
    Examples:
      mgx workspace join --user ada
      mgx --server https://mgx.example.com workspace join --user ada
    """
    if options_of(context).workspace:
        raise UsageError("The workspace is determined by the invitation.", hint="Remove --workspace.")
    base_url = open_api(context).server.base_url
    require_encryption(base_url, UserFile.load())
    secret = read_secret("Invitation: ", secrets_stdin, option="--secrets-stdin")
    password = read_secret(f"Password of {user_name}: ", secrets_stdin, option="--secrets-stdin")
    with signed_in(base_url, user_name, password) as person:
        row = person.post("/api/invitations/accept", {"token": secret})
    if as_json:
        put_json(row)
        return
    slug = one_line(row["slug"])
    put(slug)
    say(f"Your role in {slug} is {one_line(row['role'])}. A token belongs to one workspace. Sign in to this one with:")
    say(f"  mgx --workspace {slug} login --server {base_url} --user {user_name}")


@workspaces.command()
def leave(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm that you want to leave.")] = False,
    as_json: AsJson = False,
) -> None:
    """Leave the workspace. Your tokens for it are revoked, and you need an invitation to return.

    \b
    Example:
      mgx workspace leave --yes
    """
    api = open_api(context)
    row = current_workspace(api)
    slug = one_line(row["slug"])
    if not yes:
        raise UsageError(
            f"Leaving {slug} revokes your tokens for it, and you need an invitation to return.",
            hint="To leave: mgx workspace leave --yes",
        )
    api.delete(f"/api/workspaces/{row['id']}/members/{api.get('/api/me')['id']}")
    user = UserFile.load()
    if user.tokens.get(api.server.base_url) == api.server.token:
        del user.tokens[api.server.base_url]
        user.save()
    put_done({"left": row["slug"]}, as_json, f"You have left {slug}. The token that mgx used for it was revoked.")


def current_workspace(api: Api) -> dict[str, Any]:
    """The current workspace. Raises NoAccess if it is ambiguous."""
    rows: list[dict[str, Any]] = api.get("/api/me")["workspaces"]
    wanted = api.server.workspace.lower()
    found = [row for row in rows if not wanted or wanted in (str(row["slug"]).lower(), str(row["id"]))]
    if len(found) != 1:
        raise NoAccess(
            f"You are not a member of the workspace {wanted!r}." if wanted else "You have several workspaces.",
            hint="Choose one with --workspace. See: mgx workspace list",
        )
    return found[0]
