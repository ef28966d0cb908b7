"""``mgx version`` and ``mgx doctor``."""

from __future__ import annotations

import platform
import sys

import typer

from mgx_cli.commands.shared import AsJson, application
from mgx_cli.output import paint, put, put_json
from mgx_cli.session import options_of

app = application()
_MARKS = {"ok": ("ok  ", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "red bold")}


@app.command()
def version(as_json: AsJson = False) -> None:
    """Print the version of mgx.

    \b
    Example:
      mgx version
    """
    from importlib.metadata import version as installed

    from mgx_cli.embedded import checkout

    if as_json:
        put_json({"version": installed("mgx-cli"), "python": platform.python_version(), "checkout": str(checkout() or "")})
    else:
        put(f"mgx {installed('mgx-cli')}")


@app.command()
def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Check the requirements of mgx, with advice on what is missing.

    \b
    Examples:
      mgx doctor
      mgx doctor --json
    """
    from mgx_cli.doctor import examine, exit_code

    checks = examine(options_of(context))
    if as_json:
        put_json({"checks": [check.to_json() for check in checks], "ok": all(check.level != "fail" for check in checks)})
    else:
        for check in checks:
            mark, style = _MARKS[check.level]
            put(f"{paint(mark, style, sys.stdout)}  {check.name:<13} {check.detail}")
            if check.advice:
                put(f"{'':<20}{paint(check.advice, 'dim', sys.stdout)}")
    sys.exit(exit_code(checks))
