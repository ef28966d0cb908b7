"""Finds, starts and stops the embedded server through its command line; it is never imported.

``<data>/state.json`` says what runs: ``{pid, status, base_url, token, …}``. The server's files are those of the checkout that
this package was installed from (editable), those that ``pip install mgx-agent`` brought, or a checkout that ``MGX_HOME`` names.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import mgx_cli
from mgx_cli.config import Options, ServerConfig
from mgx_cli.errors import CLIError, Unreachable
from mgx_cli.output import say

MODULE = "mgx_project.embedded"


def data_dir() -> Path:
    if os.environ.get("MGX_DATA_DIR"):
        return Path(os.environ["MGX_DATA_DIR"])
    share = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(share) / "mgx"


def checkout() -> Path | None:
    """The source tree that contains the server; None if only this package is installed."""
    home = os.environ.get("MGX_HOME")
    places = [Path(home)] if home else [Path(mgx_cli.__file__).resolve().parents[2], *_installed()]
    return next(
        (root for root in places if (root / "manage.py").is_file() and (root / "mgx_project" / "embedded").is_dir()), None
    )


def _installed() -> Iterator[Path]:
    """Where the package mgx-agent has the server's files; it is not imported."""
    from importlib.util import find_spec

    found = find_spec("mgx_agent")
    for place in (found.submodule_search_locations or ()) if found else ():
        yield Path(place) / "server"


def state() -> dict[str, Any] | None:
    """The contents of ``state.json``, if its server is ready, alive and listening.

    Raises ``Unreachable`` if it belongs to another user.
    """
    try:
        found = json.loads((data_dir() / "state.json").read_text("utf-8"))
        address = urlsplit(found["base_url"])
        if found.get("status", "ready") != "ready" or not address.hostname or not address.port:
            return None
        os.kill(int(found["pid"]), 0)
        with socket.create_connection((address.hostname, address.port), timeout=2):
            return dict(found)
    except PermissionError as error:
        raise Unreachable(f"The embedded server in {data_dir()} belongs to another user: {error}.") from error
    except (OSError, ValueError, KeyError, TypeError):
        return None


def server(options: Options, *, examine: bool = False) -> ServerConfig:
    """The embedded server, started if needed. Raises ``Unreachable``.

    ``examine`` asks its supervisor even when it runs, who then says where it differs from what this environment asks for.
    """
    found = (None if examine and checkout() else state()) or up()
    workspace = options.workspace or os.environ.get("MGX_WORKSPACE", "")
    return ServerConfig(
        str(found["base_url"]).rstrip("/"), str(found.get("token", "")), workspace, "the embedded server", embedded=True
    )


def up() -> dict[str, Any]:
    """Starts it and waits until it is ready; its progress goes to stderr as it comes. Returns the state.

    Raises ``Unreachable`` if it does not start.
    """
    root = _required_checkout()
    if state() is None:
        say("Starting the embedded server (the first start takes a little longer) …", "dim")
    done = _run(root, "up", "--json")
    if done.returncode:
        raise Unreachable(
            f"The embedded server did not start (exit code {done.returncode}). Its output is above.",
            hint=f"Logs are in {data_dir()}. To check the requirements: mgx doctor",
        )
    found = state()
    if found is None:
        raise Unreachable(f"The embedded server was started, but the one in {data_dir() / 'state.json'} is not listening.")
    return found


def down() -> None:
    """Stops it. Raises ``CLIError`` if that fails, ``Unreachable`` without a checkout."""
    done = _run(_required_checkout(), "down")
    if done.returncode:
        raise CLIError(f"The embedded server did not stop (exit code {done.returncode}). Its output is above.")


def allow(directory: Path) -> None:
    """Allows the embedded server to use a directory of this machine. Raises ``CLIError`` if that fails."""
    if str(directory) in _allowed():
        return
    done = _run(_required_checkout(), "allow", str(directory))
    if done.returncode:
        raise CLIError(f"Could not allow the embedded server to use {directory} (exit code {done.returncode}).")


def is_allowed(directory: Path) -> bool:
    """Whether ``directory`` (resolved) is one that was allowed, or below one."""
    return any(directory.is_relative_to(known) for known in _allowed() if known)


def _allowed() -> list[str]:
    try:
        return (data_dir() / "local_roots").read_text("utf-8").splitlines()
    except OSError:
        return []


def python_of(root: Path) -> str:
    inside = root / ".venv" / "bin" / "python"
    return str(inside) if inside.exists() else sys.executable


def _run(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [python_of(root), "-m", MODULE, *arguments], cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )


def _required_checkout() -> Path:
    root = checkout()
    if root is not None:
        return root
    if os.environ.get("MGX_HOME"):
        raise Unreachable(f"MGX_HOME is {os.environ['MGX_HOME']}, which is not a checkout of MGX Agent (no manage.py there).")
    raise Unreachable(
        "No server is configured, and this installation of mgx has no embedded server.",
        hint="There are two ways to get a server:\n"
        "  a running server:       mgx login --server https://mgx.example.com\n"
        "  this machine (Linux):   uv tool install mgx-agent, or pip install mgx-agent with Python 3.11",
    )
