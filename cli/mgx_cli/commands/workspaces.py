"""``mgx workspace``: the workspaces that one belongs to."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, RoleChoice, application, put_new_secret
from mgx_cli.config import UserFile
from mgx_cli.errors import NoAccess, UsageError
from mgx_cli.output import one_line, put, put_json, put_table, say
from mgx_cli.session import open_api, options_of
from mgx_cli.sign_in import read_secret, require_encryption, signed_in

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
    """List who belongs to the workspace. Addresses of others are shown to its admins.

    \b
    Examples:
      mgx workspace members
      mgx workspace members --json | jq -r '.items[].username'
    """
    api = open_api(context)
    rows = list(api.items(f"/api/workspaces/{_current(api)['id']}/members"))
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
    """Make an invitation and print its secret, this once. It is good for one person and for 7 days. For owners.

    \b
    Examples:
      mgx workspace invite
      mgx workspace invite --role viewer --email ada@example.org
    """
    api = open_api(context)
    body = {"role": role.value, **({"email": email} if email else {})}
    row = api.post(f"/api/workspaces/{_current(api)['id']}/invitations", body)
    put_new_secret(
        row,
        as_json,
        f"Give it to the person, who joins with:\n  mgx --server {api.server.base_url} workspace join --user NAME",
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
    """Accept an invitation. Its secret and your password are asked for, so that neither stands in the shell's history.

    An API token can't accept it: joining is your own decision.

    \b
    Examples:
      mgx workspace join --user ada
      mgx --server https://mgx.example.com workspace join --user ada
    """
    if options_of(context).workspace:
        raise UsageError("The invitation itself says which workspace it is for.", hint="Leave --workspace out.")
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
    say(f"Your role in {slug} is {one_line(row['role'])}. A token is of one workspace. Sign in to this one with:")
    say(f"  mgx --workspace {slug} login --server {base_url} --user {user_name}")


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
    slug = one_line(row["slug"])
    if not yes:
        raise UsageError(
            f"You would leave {slug}: your tokens of it end, and only an invitation brings you back.",
            hint="If you mean it: mgx workspace leave --yes",
        )
    api.delete(f"/api/workspaces/{row['id']}/members/{api.get('/api/me')['id']}")
    user = UserFile.load()
    if user.tokens.get(api.server.base_url) == api.server.token:
        del user.tokens[api.server.base_url]
        user.save()
    say(f"You have left {slug}; the token that mgx used there has ended.")


def _current(api: Api) -> dict[str, Any]:
    """The workspace that commands act for. Raises NoAccess when it is unclear."""
    rows: list[dict[str, Any]] = api.get("/api/me")["workspaces"]
    wanted = api.server.workspace.lower()
    found = [row for row in rows if not wanted or wanted in (str(row["slug"]).lower(), str(row["id"]))]
    if len(found) != 1:
        raise NoAccess(
            f"You are not a member of the workspace {wanted!r}." if wanted else "You have several workspaces.",
            hint="Name one of yours with --workspace. See: mgx workspace list",
        )
    return found[0]
