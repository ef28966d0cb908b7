"""Shows long text on a terminal in the person's pager, as git does: MGX_PAGER, else PAGER, else less. ``cat`` or "" is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from mgx_cli.output import put
from mgx_cli.text_input import program


def show(lines: Sequence[str]) -> None:
    """Prints the lines, already painted; in a pager where stdout is a terminal that can't hold them."""
    command = _command()
    if command is None or not sys.stdout.isatty() or len(lines) < shutil.get_terminal_size().lines:
        for line in lines:
            put(line)
        return
    # as git: colours are shown, and what fits on the screen is not paged
    environment = {**os.environ, "LESS": os.environ.get("LESS", "FRX"), "LV": os.environ.get("LV", "-c")}
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
    except OSError:
        for line in lines:
            put(line)
        return
    process.communicate("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))


def _command() -> list[str] | None:
    variable = next((name for name in ("MGX_PAGER", "PAGER") if name in os.environ), None)
    if variable is None:
        return ["less"] if shutil.which("less") else None
    command = program(variable, os.environ[variable])
    return None if not command or command == ["cat"] else command
