"""``mgx token``: API tokens of the workspace."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, RoleChoice, application, put_done, put_new_secret
from mgx_cli.errors import NoAccess, UsageError
from mgx_cli.ids import shortest
from mgx_cli.output import one_line, put_json, put_table, say
from mgx_cli.render import age
from mgx_cli.session import open_api

app = application()
tokens = application()
HELP = """Create and revoke API tokens. Admins see all tokens of the workspace.

\b
Example:
  mgx token create ci --role developer
"""
app.add_typer(tokens, name="token", no_args_is_help=True, help=HELP)


@tokens.command(name="list")
def list_tokens(context: typer.Context, as_json: AsJson = False) -> None:
    """List your API tokens, or all tokens of the workspace for admins. Secrets are not stored.

    \b
    Example:
      mgx token list
    """
    rows = list(open_api(context).items("/api/tokens"))
    if as_json:
        put_json({"items": rows})
        return
    if not rows:
        say("No tokens. Create one with: mgx token create ci --role developer")
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
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the token, such as its purpose.", show_default=False)],
    role: Annotated[
        RoleChoice | None,
        typer.Option(metavar="ROLE", help="viewer, developer, admin or owner. Default, and at most: your own role."),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it expires, such as 2027-01-31T00:00Z. Default: never.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a token and print its secret, which is shown only once.

    \b
    Examples:
      mgx token create ci --role developer
      mgx token create ci --role viewer --expires 2027-01-31T00:00Z | gh secret set MGX_TOKEN
    """
    given = {"name": name, "role": role and role.value, "expires_at": expires}
    row = open_api(context).post("/api/tokens", {key: value for key, value in given.items() if value is not None})
    put_new_secret(row, as_json, f"Revoke it with: mgx token revoke {row['id']}")


@tokens.command()
def revoke(
    context: typer.Context,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The token's id, or the beginning of it.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Revoke a token. Open connections with it are closed, too.

    \b
    Example:
      mgx token revoke 01a2056e
    """
    api = open_api(context)
    row = _find(api, token)
    api.delete(f"/api/tokens/{row['id']}")
    put_done({"revoked": row["id"]}, as_json, f"Revoked {one_line(row['name'])}.")


def _find(api: Api, name: str) -> dict[str, Any]:
    found = [row for row in api.items("/api/tokens") if str(row["id"]).startswith(name.lower())] if len(name) >= 6 else []
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{name!r} matches {len(found)} tokens. Give more of the id.", hint="See: mgx token list --json")
    raise NoAccess(f"No token matches {name!r}.", hint="Give at least six characters of its id. See: mgx token list")
