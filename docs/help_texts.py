"""The help texts of mgx and its commands: for CLI.md, the manual page, and what `mgx --help` prints at once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import cache
from typing import Any

WIDTH = 78
"""Columns: what click uses of a terminal of 80 or more."""


def commands() -> Iterator[tuple[str, ...]]:
    """Every command in the order of `mgx --help`, each group before its own: ("member",), ("member", "list")."""
    import typer
    from mgx_cli import main

    def below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if hasattr(command, "list_commands"):
            context = typer.Context(command)
            for name in command.list_commands(context):
                yield (*path, name)
                yield from below(command.get_command(context, name), (*path, name))

    yield from below(typer.main.get_command(main.app), ())


@cache
def help_text(*command: str) -> str:
    """As a person sees it in a terminal of 80 columns or more."""
    from mgx_cli import main

    printed = io.StringIO()
    with redirect_stdout(printed):
        main.app([*command, "--help"], prog_name="mgx", standalone_mode=False, terminal_width=WIDTH)
    return "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())


def cli() -> str:
    parts = [f"```text\n{help_text()}\n```"]
    parts += [f"{'#' * (2 + len(path))} mgx {' '.join(path)}\n\n```text\n{help_text(*path)}\n```" for path in commands()]
    return "\n\n".join(parts)
