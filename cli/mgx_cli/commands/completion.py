"""``mgx completion``: scripts for shell completion."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from mgx_cli.commands.shared import application
from mgx_cli.output import put

app = application()


class Shell(str, Enum):
    bash = "bash"
    zsh = "zsh"
    fish = "fish"
    powershell = "powershell"
    pwsh = "pwsh"


@app.command()
def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh, fish, powershell or pwsh.", show_default=False)],
) -> None:
    """Print the completion script for a shell: commands, options, and the names of runs, tasks, stacks, models and projects.

    \b
    Examples:
      eval "$(mgx completion bash)"                                  for this shell; in ~/.bashrc for all
      mgx completion zsh > ~/.zfunc/_mgx                             with ~/.zfunc in fpath
      mgx completion fish > ~/.config/fish/completions/mgx.fish
      mgx completion pwsh >> $PROFILE                                in PowerShell
    """
    from typer.completion import get_completion_script

    from mgx_cli.main import COMPLETE

    put(get_completion_script(prog_name="mgx", complete_var=COMPLETE, shell=shell.value))
