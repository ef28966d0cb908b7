"""Parameters shared by commands, and the class of their Typer applications."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Optional

import typer

from mgx_cli import completion_values
from mgx_cli.output import put, put_json, say

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="The run: its id, a unique beginning of it (mgx list), a unique run number, a task's id, TASK#N, or @last.",
        show_default=False,
        autocompletion=completion_values.runs,
    ),
]
RunOrLast = Annotated[
    Optional[str],  # noqa: UP045  # typer reads it at run time on every Python that the CLI supports
    typer.Argument(
        metavar="RUN",
        help="The run: its id, a unique beginning of it (mgx list), a unique run number, a task's id, or TASK#N. Default: the "
        "last run of this repository.",
        show_default=False,
        autocompletion=completion_values.runs,
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also show the output of models.")]


class RoleChoice(str, Enum):
    """The roles in a workspace, in ascending order."""

    VIEWER = "viewer"
    DEVELOPER = "developer"
    ADMIN = "admin"
    OWNER = "owner"


def application() -> typer.Typer:
    return typer.Typer(rich_markup_mode=None, add_completion=False)


def put_done(document: dict[str, Any], as_json: bool, text: str) -> None:
    """Says what was done where there is no row to show: as JSON on stdout, or in words on stderr."""
    if as_json:
        put_json(document)
    else:
        say(text)


def put_new_secret(row: dict[str, Any], as_json: bool, then: str) -> None:
    """Prints a new secret alone on stdout; ``then`` says what to do with it."""
    if as_json:
        put_json(row)
        return
    put(str(row["token"]))
    say(f"It is shown only once. {then}")
