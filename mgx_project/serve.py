"""`python -m mgx_project.serve`: the web process, with the same bounds wherever it is started."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uvicorn

APPLICATION = "mgx_project.asgi:application"
MAX_SOCKET_MESSAGE = 64 * 1024
"""Clients have nothing to say on a WebSocket but a ping."""


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m mgx_project.serve", description="The web process.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
    parser.add_argument("--server", choices=("uvicorn", "daphne"), default="uvicorn", help="which one serves (uvicorn)")
    given = parser.parse_args(argv)
    os.umask(0o077)
    if given.server == "daphne":
        serve_by_daphne(given.host, given.port)
    else:
        serve_by_uvicorn(given.host, given.port)


def serve_by_uvicorn(host: str, port: int) -> None:
    import uvicorn

    uvicorn.Server(uvicorn_config(host, port)).run()


def uvicorn_config(host: str, port: int) -> uvicorn.Config:
    import uvicorn

    from mgx_project.asgi import application  # first: the protocol below stands on Django's settings

    return uvicorn.Config(
        application,
        host=host,
        port=port,
        http="mgx_project.bounded_http:BoundedHttp",
        ws="mgx_project.bounded_http:BoundedWebSocket",
        ws_max_size=MAX_SOCKET_MESSAGE,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        proxy_headers=False,  # `forwarded.py` reads them, from the proxies that the operator names
        access_log=False,
        lifespan="off",
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
        log_config=None,
    )


def serve_by_daphne(host: str, port: int) -> None:
    """Twisted bounds headers itself: 16 KiB in all, and a connection that is silent for a minute is closed. How many
    connections one address holds is not bounded there: a proxy in front has to."""
    from daphne.cli import CommandLineInterface

    CommandLineInterface().run(["-b", host, "-p", str(port), APPLICATION])


if __name__ == "__main__":
    main()
