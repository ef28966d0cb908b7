"""Parameters that many commands have, and the kind of Typer application they live in."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any

import typer

from mgx_cli.output import put, put_json, say

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="A run: its id, a unique beginning of it (mgx list), or a run number that one task has.",
        show_default=False,
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also show what the models write.")]


class RoleChoice(str, Enum):
    """What somebody may do in a workspace, from the least to all of it."""

    VIEWER = "viewer"
    DEVELOPER = "developer"
    ADMIN = "admin"
    OWNER = "owner"


def application() -> typer.Typer:
    return typer.Typer(rich_markup_mode=None, add_completion=False)


def put_new_secret(row: dict[str, Any], as_json: bool, then: str) -> None:
    """The secret of a row that was just made, alone on stdout; ``then`` says what to do with it."""
    if as_json:
        put_json(row)
        return
    put(str(row["token"]))
    say(f"It is shown this once. {then}")
