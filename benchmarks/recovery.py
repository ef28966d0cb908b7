"""kill -9 of the worker in the middle of a run → the run's next event, by the worker that the supervisor starts."""

from __future__ import annotations

import json
import os
import signal
import time

from websockets.sync.client import connect

from benchmarks.report import ReportLine, Yardstick
from benchmarks.server import server

LEASE = 3.0


def main(quick: bool) -> list[ReportLine]:
    delays = []
    with server(MGX_LEASE_SECONDS=str(LEASE)) as running:
        running.finish(running.start_run(auto_approve=True))
        for _ in range(1 if quick else 3):
            run = running.start_run(auto_approve=True)
            with connect(running.socket_url(f"/ws/runs/{run}"), additional_headers=running.headers) as socket:
                _wait(socket, "command_started")
                os.kill(running.pid("worker"), signal.SIGKILL)
                began = time.perf_counter()
                _wait(socket, "recovered")
                delays.append(time.perf_counter() - began)
            running.finish(run)
    lease = Yardstick("the lease", LEASE)
    return [ReportLine("worker killed → run goes on, worst", max(delays), "s", LEASE + 2, "bound: lease + 2 s", lease)]


def _wait(socket: object, type: str) -> None:
    while json.loads(socket.recv(timeout=60))["type"] != type:  # type: ignore[attr-defined]
        pass
