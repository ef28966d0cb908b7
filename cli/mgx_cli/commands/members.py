"""``mgx member`` and ``mgx user``: the people of a workspace."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, RoleChoice, application, put_done
from mgx_cli.commands.workspaces import current_workspace, invite, members
from mgx_cli.errors import NoAccess, UsageError
from mgx_cli.output import one_line, put_json, say
from mgx_cli.session import open_api

app = application()
people = application()
users = application()
app.add_typer(
    people,
    name="member",
    no_args_is_help=True,
    help="List, change and remove the members of the workspace.\n\n\b\nExample:\n  mgx member list\n",
)
app.add_typer(
    users,
    name="user",
    no_args_is_help=True,
    help="Invite people to the workspace.\n\n\b\nExample:\n  mgx user invite --role viewer\n",
)
people.command(name="list", help="List the members of the workspace.\n\n\b\nExample:\n  mgx member list\n")(members)
users.command(
    name="invite",
    help="Create an invitation and print its secret. The secret is shown only this once.\nOwners only.\n\n\b\nExample:\n"
    "  mgx user invite --role viewer --email ada@example.org\n",
)(invite)
UserName = Annotated[str, typer.Argument(metavar="USER", help="The member's user name (mgx member list).", show_default=False)]


@people.command()
def role(
    context: typer.Context,
    user: UserName,
    new: Annotated[RoleChoice, typer.Argument(metavar="ROLE", help="viewer, developer, admin or owner.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Change a member's role. Owners only. The last owner stays one.

    \b
    Example:
      mgx member role ada admin
    """
    api = open_api(context)
    row = api.patch(_path(api, user), {"role": new.value})
    if as_json:
        put_json(row)
        return
    say(f"{one_line(row['username'])} is {one_line(row['role'])} now.")


@people.command()
def remove(
    context: typer.Context,
    user: UserName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Confirm it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove a member. Their tokens for the workspace are revoked at once. Owners only.

    \b
    Example:
      mgx member remove ada --yes
    """
    if not yes:
        raise UsageError(f"Removing {user} revokes their tokens at once.", hint=f"To remove: mgx member remove {user} --yes")
    api = open_api(context)
    api.delete(_path(api, user))
    put_done({"removed": user}, as_json, f"{user} was removed.")


def _path(api: Api, name: str) -> str:
    """The address of the membership of this user name or id. Raises NoAccess."""
    place = f"/api/workspaces/{current_workspace(api)['id']}/members"
    rows: list[dict[str, Any]] = list(api.items(place))
    for row in rows:
        if name in (row["username"], row["user_id"]):
            return f"{place}/{row['user_id']}"
    raise NoAccess(f"{name!r} is not a member of this workspace.", hint="See: mgx member list")
