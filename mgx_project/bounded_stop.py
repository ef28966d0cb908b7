"""A web process ends in time also while its threads wait for servers that are away: a look-up of a name or a connection that is
being made can't be interrupted, and Python waits for each before it exits."""

from __future__ import annotations

import asyncio
import os
import socket
import threading

import uvicorn

from mgx_project.common import traces

THREADS_SECONDS = 2.0
"""What threads get when the last request is answered or given up; with ``timeout_graceful_shutdown`` below the 10 s after which
compose kills."""


class BoundedServer(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await asyncio.to_thread(traces.close)
        ending = threading.Timer(THREADS_SECONDS, os._exit, (0,))
        ending.daemon = True  # it holds up no process that ends by itself
        ending.start()
