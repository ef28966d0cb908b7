"""``mgx setup``: the first administrator and workspace of a new server."""

from __future__ import annotations

import os
import re
import sys
from typing import Annotated

import typer

from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, application
from mgx_cli.config import ServerConfig, UserFile, server_address
from mgx_cli.errors import UsageError
from mgx_cli.output import one_line, put, put_json, say
from mgx_cli.session import options_of
from mgx_cli.sign_in import read_secret, require_encryption, token_by_password
from mgx_cli.token_store import keep

app = application()
OPTION = "--secrets-stdin"


@app.command()
def setup(
    context: typer.Context,
    server: Annotated[str, typer.Option(metavar="URL", help="The new server, such as https://mgx.example.com.")] = "",
    user_name: Annotated[str, typer.Option("--user", metavar="NAME", help="Name of the administrator.")] = "admin",
    email: Annotated[str, typer.Option(metavar="ADDRESS", help="Their e-mail address.")] = "",
    workspace_name: Annotated[
        str, typer.Option("--workspace-name", metavar="NAME", help="Name of the first workspace.")
    ] = "Default",
    secrets_stdin: Annotated[
        bool, typer.Option(OPTION, help="Read the setup token, then the password, from standard input, a line each.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create the first administrator and workspace of a new server, and sign in.

    The server prints its setup token when it starts, and `python manage.py setup_token` prints it there again. It works once,
    while the server has no user. The embedded server needs no setup.

    \b
    Examples:
      mgx setup --server https://mgx.example.com
      mgx setup --server https://mgx.example.com --user ada --workspace-name "Shop team"
    """
    user = UserFile.load()
    address = server or options_of(context).server or os.environ.get("MGX_SERVER", "")
    if not address:
        raise UsageError("The server is missing.", hint="Give its address: mgx setup --server https://mgx.example.com")
    base_url = server_address(address, "--server")
    require_encryption(base_url, user)
    token = read_secret("Setup token: ", secrets_stdin, option=OPTION)
    password = read_secret(f"Password of {user_name}: ", secrets_stdin, option=OPTION)
    if not secrets_stdin and sys.stdin.isatty() and read_secret("Password again: ", False, option=OPTION) != password:
        raise UsageError("The two passwords differ. Nothing was created.")
    slug = re.sub(r"[^a-z0-9]+", "-", workspace_name.lower()).strip("-")[:60] or "default"
    body = {"token": token, "username": user_name, "password": password, "email": email}
    done = Api(ServerConfig(base_url, "", "", "mgx setup")).post(
        "/api/setup", {**body, "workspace_name": workspace_name, "workspace_slug": slug}
    )
    user.server = base_url
    keep(user, base_url, token_by_password(base_url, user_name, password, slug))
    user.save()
    if as_json:
        put_json({"server": base_url, **done})
        return
    put(one_line(done["workspace"]["slug"]))
    say(f"{user_name} is the administrator of {base_url}, and you are signed in. Next:")
    say("  mgx model create main --kind openai --model gpt-5   the model that writes")
    say("  mgx user invite                                     add people")
