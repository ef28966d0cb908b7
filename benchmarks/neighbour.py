"""A run's start (`analysis_start` at a client) while another tenant's repositories hang, beside its start without."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from benchmarks.report import ReportLine, Yardstick, percentile
from benchmarks.server import Server, server
from tests.support.silent_server import silent_server

LINKS = 8
HANGING = 5
"""Calls that the worker makes to the silent server at a time: three runs, and a workspace's share of the other threads."""
TIMES = 2.0


def main(quick: bool) -> list[ReportLine]:
    repetitions = 5 if quick else 20
    with server() as running:
        running.finish(running.start_run(auto_approve=True))  # warm: the first run imports what later ones have
        with connect(running.socket_url("/ws/stream?batch=1"), additional_headers=running.headers) as socket:
            while json.loads(socket.recv())["type"] != "live":
                pass
            before = _starts(running, socket, repetitions)
            with _hanging(running):
                beside = _starts(running, socket, repetitions)
    yardstick = percentile(before, 95)
    return [
        ReportLine("run created → started, p50, alone", percentile(before, 50), "ms"),
        ReportLine("run created → started, p95, alone", yardstick, "ms"),
        ReportLine("the same beside a tenant that hangs, p50", percentile(beside, 50), "ms"),
        ReportLine(
            "the same beside a tenant that hangs, p95",
            percentile(beside, 95),
            "ms",
            yardstick=Yardstick("alone", yardstick, TIMES),
        ),
    ]


def _starts(running: Server, socket: ClientConnection, repetitions: int) -> list[float]:
    delays = []
    for _ in range(repetitions):
        task = running.post("/api/tasks", {"description": "A FastAPI service that says hello", "stack": "fastapi"})
        time.sleep(0.3)
        began = time.perf_counter()
        running.post("/api/runs", {"task_id": task["id"]})
        while True:
            kind = json.loads(socket.recv(timeout=120))["type"]
            if kind == "analysis_start":
                delays.append((time.perf_counter() - began) * 1000)
            if kind == "approval_required":
                break
    return delays


SET_UP = "benchmarks.neighbour_rows"


@contextmanager
def _hanging(running: Server) -> Iterator[None]:
    """Another tenant, whose runs and looks all go to a server that never answers, more of them than there are threads."""
    with silent_server() as silent:
        rows: Any = running.script_json(SET_UP, silent.url, LINKS)
        if rows["runs"] != LINKS:
            raise RuntimeError(f"only {rows['runs']} runs wait")
        silent.wait_for(HANGING, within=120)
        yield
