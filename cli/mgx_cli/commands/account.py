"""Signing in to a server, and showing the current user."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, application, put_done
from mgx_cli.config import ServerConfig, UserFile, server_address, token_prefix
from mgx_cli.errors import UsageError
from mgx_cli.output import one_line, put, put_json
from mgx_cli.session import open_api, options_of
from mgx_cli.sign_in import read_secret, require_encryption, token_by_password
from mgx_cli.token_store import forget, keep

app = application()


@app.command()
def login(
    context: typer.Context,
    server: Annotated[str | None, typer.Option(metavar="URL", help="The server, such as https://mgx.example.com.")] = None,
    user_name: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="Sign in with a password instead of an API token.")
    ] = None,
    token_stdin: Annotated[bool, typer.Option("--token-stdin", help="Read the API token from standard input.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sign in to a server and use it for all commands.

    The token is stored in the system's keyring, where the package keyring is installed and finds one, or else in the
    configuration file, which only you can read. It is sent only to this server.

    \b
    Examples:
      mgx login --server https://mgx.example.com
      mgx login --server https://mgx.example.com --user ada
      printf %s "$TOKEN" | mgx login --server https://mgx.example.com --token-stdin
    """
    options, user = options_of(context), UserFile.load()
    address = server or options.server or os.environ.get("MGX_SERVER", "") or user.server
    if not address:
        raise UsageError("The server is missing.", hint="Give its address: mgx login --server https://mgx.example.com")
    base_url = server_address(address, "--server")
    require_encryption(base_url, user)
    workspace = options.workspace or os.environ.get("MGX_WORKSPACE", "") or user.workspace
    if user_name:
        password = read_secret(f"Password of {user_name}: ", False, option="--token-stdin: an API token instead of a password")
        token = token_by_password(base_url, user_name, password, workspace)
    else:
        token = read_secret("API token: ", token_stdin, option="--token-stdin")
    me = Api(ServerConfig(base_url, token, workspace, "mgx login")).get("/api/me")
    user.server = base_url
    place = keep(user, base_url, token)
    user.save()
    told = {"server": base_url, "me": me, "file": str(user.path)}
    put_done(told, as_json, f"Signed in to {base_url} as {_name(me)}. The token is stored in {place}")


@app.command()
def logout(context: typer.Context, as_json: AsJson = False) -> None:
    """Remove the stored token of the current server.

    \b
    Example:
      mgx logout
    """
    user = UserFile.load()
    options = options_of(context)
    address = options.server or os.environ.get("MGX_SERVER", "") or user.server
    if not address:
        put_done({"server": "", "removed": False}, as_json, "You are not signed in to any server.")
        return
    base_url = server_address(address, "The configuration")
    if not forget(user, base_url):
        put_done({"server": base_url, "removed": False}, as_json, f"No token is stored for {base_url}.")
        return
    if user.server == base_url:
        user.server = ""
    user.save()
    text = f"Signed out of {base_url}. The token stays valid until it expires. If others may have it: mgx token revoke ID"
    put_done({"server": base_url, "removed": True}, as_json, text)


@app.command()
def whoami(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the current server, user and workspace.

    \b
    Example:
      mgx whoami
    """
    api = open_api(context)
    me = api.get("/api/me")
    if as_json:
        put_json(
            {"server": api.server.base_url, "embedded": api.server.embedded, "token": token_prefix(api.server.token), "me": me}
        )
        return
    put(f"server     {api.server.base_url} ({api.server.source})")
    put(f"user       {_name(me)}")
    put(f"workspace  {_workspace(api.server, me)}")
    put(f"token      {token_prefix(api.server.token) or 'none'}")
    if me.get("server_model"):
        put(f"model      {one_line(me['server_model'])} (the server's own; yours: mgx model list)")


def _name(me: dict[str, Any]) -> str:
    user = me.get("user") if isinstance(me.get("user"), dict) else me
    return (
        one_line(user.get("email") or user.get("username") or user.get("name") or user.get("id") or "unknown")
        if user
        else "unknown"
    )


def _workspace(server: ServerConfig, me: dict[str, Any]) -> str:
    workspace = me.get("workspace")
    if isinstance(workspace, dict):
        return one_line(
            f"{workspace.get('slug') or workspace.get('name')} ({workspace.get('role') or me.get('role') or 'member'})"
        )
    choices = me.get("workspaces")
    if server.workspace:
        return one_line(server.workspace)
    if isinstance(choices, list):
        return ", ".join(one_line(row.get("slug", row) if isinstance(row, dict) else row) for row in choices)
    return "the token's own"
