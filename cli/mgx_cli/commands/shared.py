"""Parameters that many commands have, and the kind of Typer application they live in."""

from __future__ import annotations

from typing import Annotated

import typer

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


def application() -> typer.Typer:
    return typer.Typer(rich_markup_mode=None, add_completion=False)
