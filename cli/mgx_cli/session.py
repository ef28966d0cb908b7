"""Connects a command to its server: the configured one, or the embedded one of the checkout."""

from __future__ import annotations

from pathlib import Path

import typer

from mgx_cli.api import Api
from mgx_cli.config import Options, configured_server


def options_of(context: typer.Context) -> Options:
    found = context.find_object(Options)
    return found if isinstance(found, Options) else Options()


def open_api(context: typer.Context) -> Api:
    """Starts the embedded server if no server is configured. Raises ``Unreachable``."""
    from mgx_cli import embedded

    options = options_of(context)
    return Api(configured_server(options, Path.cwd()) or embedded.server(options))
