"""`python -m mgx_project.serve`: the web process, with the same bounds wherever it is started."""

from __future__ import annotations

import argparse
import gc
import threading
from typing import TYPE_CHECKING

from mgx_project import env
from mgx_project.common import tenant_wall
from mgx_project.common.private_files import close_data_directory

if TYPE_CHECKING:
    import uvicorn

APPLICATION = "mgx_project.asgi:application"
MAX_SOCKET_MESSAGE = 64 * 1024
"""Clients send only pings on a WebSocket, so messages can be small."""


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m mgx_project.serve", description="The web process.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
    parser.add_argument("--server", choices=("uvicorn", "daphne"), default="uvicorn", help="ASGI server to use (uvicorn)")
    given = parser.parse_args(argv)
    gc.set_threshold(50_000, 20, 100)  # as in manage.py: of what is imported nothing is garbage
    close_data_directory(env.DATA_DIR)
    tenant_wall.close()
    if env.MGX_ENV != "embedded":  # that one makes its user itself
        _announce_setup_token()
    if given.server == "daphne":
        serve_by_daphne(given.host, given.port)
    else:
        serve_by_uvicorn(given.host, given.port)


def _announce_setup_token() -> None:
    """On a thread: a database that does not answer delays no start."""
    import mgx_project.asgi  # noqa: F401 - models stand on Django's settings
    from workspaces.first_administrator import announce_setup_token

    threading.Thread(target=announce_setup_token, name="setup-token", daemon=True).start()


def serve_by_uvicorn(host: str, port: int) -> None:
    from mgx_project.bounded_stop import BoundedServer

    BoundedServer(uvicorn_config(host, port)).run()


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
    import mgx_project.asgi  # noqa: F401 - first: the protocol below stands on Django's settings
    from mgx_project import bounded_daphne

    bounded_daphne.serve(APPLICATION, host=host, port=port, max_message=MAX_SOCKET_MESSAGE)


if __name__ == "__main__":
    main()
