"""The web server with its own configuration, in a thread of the test's process, on a free port."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from mgx_project import serve
from mgx_project.embedded.ports import free_port
from tests.support.patience import SOON


@contextmanager
def serving(application: Any = None) -> Iterator[int]:
    """The port of a server of ``application``, ours if there is none given, until the block ends."""
    port = free_port()
    config = serve.uvicorn_config("127.0.0.1", port)
    if application is not None:
        config.app = application
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join(SOON)
