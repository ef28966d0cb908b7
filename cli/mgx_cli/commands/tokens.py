"""``mgx token``: API tokens of the workspace."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, RoleChoice, application, put_new_secret
from mgx_cli.errors import NoAccess, UsageError
from mgx_cli.ids import shortest
from mgx_cli.output import one_line, put_json, put_table, say
from mgx_cli.render import age
from mgx_cli.session import open_api

app = application()
tokens = application()
HELP = """API tokens: your own, and all of the workspace for its admins.

\b
Example:
  mgx token create ci --role developer
"""
app.add_typer(tokens, name="token", no_args_is_help=True, help=HELP)


@tokens.command(name="list")
def list_tokens(context: typer.Context, as_json: AsJson = False) -> None:
    """List the tokens that you may see. Their secrets are not kept anywhere.

    \b
    Example:
      mgx token list
    """
    rows = list(open_api(context).items("/api/tokens"))
    if as_json:
        put_json({"items": rows})
        return
    if not rows:
        say("No tokens. Make one with: mgx token create ci --role developer")
        return
    width = shortest(str(row["id"]) for row in rows)
    cells = [
        (
            str(row["id"])[:width],
            one_line(row["name"], 40),
            str(row["role"]),
            one_line(row.get("username") or "-", 30),
            "revoked" if row.get("revoked_at") else str(row.get("expires_at") or "never expires")[:13].replace("T", " "),
            age(row.get("last_used_at")) or "never",
        )
        for row in rows
    ]
    put_table(("ID", "NAME", "ROLE", "OF", "UNTIL", "USED"), cells)


@tokens.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.", show_default=False)],
    role: Annotated[
        RoleChoice | None,
        typer.Option(metavar="ROLE", help="viewer, developer, admin or owner: your own role at most, or that."),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it ends, such as 2027-01-31T00:00Z; without it, never.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print its secret, this once.

    \b
    Examples:
      mgx token create ci --role developer
      mgx token create ci --role viewer --expires 2027-01-31T00:00Z | gh secret set MGX_TOKEN
    """
    given = {"name": name, "role": role and role.value, "expires_at": expires}
    row = open_api(context).post("/api/tokens", {key: value for key, value in given.items() if value is not None})
    put_new_secret(row, as_json, f"Take it back with: mgx token revoke {row['id']}")


@tokens.command()
def revoke(
    context: typer.Context,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="A token's id or its beginning.", show_default=False)],
) -> None:
    """Revoke a token: it is refused from now on, on open connections too.

    \b
    Example:
      mgx token revoke 01a2056e
    """
    api = open_api(context)
    row = _find(api, token)
    api.delete(f"/api/tokens/{row['id']}")
    say(f"Revoked {one_line(row['name'])}.")


def _find(api: Api, name: str) -> dict[str, Any]:
    found = [row for row in api.items("/api/tokens") if str(row["id"]).startswith(name.lower())] if len(name) >= 6 else []
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{name!r} means {len(found)} tokens. Give more of the id.", hint="See: mgx token list --json")
    raise NoAccess(f"There is no token {name!r} that you can see.", hint="Give six characters of its id. See: mgx token list")
