"""``mgx help``: the help of mgx or of one of its commands, as ``--help`` prints it."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import typer

from mgx_cli.commands.shared import application
from mgx_cli.output import put

app = application()


@app.command(name="help")
def help_page(
    context: typer.Context,
    command: Annotated[
        Optional[list[str]],  # noqa: UP045  # typer reads it at run time on every Python that the CLI supports
        typer.Argument(metavar="COMMAND", help="The command, such as logs or repo link.", show_default=False),
    ] = None,
) -> None:
    """Print the help of mgx, or of a command.

    \b
    Examples:
      mgx help
      mgx help logs
      mgx help repo link
    """
    page: Any = context.find_root()
    for name in command or ():
        found, resolved, _ = page.command.resolve_command(page, [name])
        page = resolved.context_class(resolved, info_name=found, parent=page)
    put(page.get_help())
