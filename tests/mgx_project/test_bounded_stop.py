"""A web process whose threads wait for something that does not come."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from mgx_project.bounded_stop import THREADS_SECONDS
from mgx_project.embedded.ports import free_port

from ..support.patience import SOON, wait_for

ROOT = Path(__file__).resolve().parents[2]
SERVER = """
import asyncio, signal, sys, time, uvicorn
from mgx_project.bounded_stop import BoundedServer

async def application(scope, receive, send):
    if scope["path"] == "/waits":
        asyncio.get_running_loop().run_in_executor(None, time.sleep, 120)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})

signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as the kernel does for a container's first process: uvicorn raises it again
BoundedServer(uvicorn.Config(application, port=int(sys.argv[1]), lifespan="off", timeout_graceful_shutdown=1)).run()
"""


@pytest.mark.parametrize("path", ["/", "/waits"])
def test_it_stops_in_time_whatever_its_threads_wait_for(path: str) -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], cwd=ROOT, stderr=subprocess.PIPE)

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return answer.status == 200
        except OSError:
            return False

    try:
        wait_for(answers)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        process.wait(SOON)
        assert time.monotonic() - began < 100  # the machine may be busy; the thread waits for 120
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()
    assert THREADS_SECONDS + 5 < 10  # compose's time for a stop
