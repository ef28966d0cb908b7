"""A run is created → `analysis_start` at a client that watches the workspace, with an idle worker."""

from __future__ import annotations

import json
import time

from websockets.sync.client import connect

from benchmarks.report import ReportLine, Yardstick, percentile
from benchmarks.server import server


def main(quick: bool) -> list[ReportLine]:
    delays: list[float] = []
    posts: list[float] = []
    with server() as running:
        running.finish(running.start_run(auto_approve=True))  # warm: the first run imports what later ones have
        with connect(running.socket_url("/ws/stream?batch=1"), additional_headers=running.headers) as socket:
            while json.loads(socket.recv())["type"] != "live":
                pass
            for _ in range(5 if quick else 20):
                task = running.post("/api/tasks", {"description": "A FastAPI service that says hello", "stack": "fastapi"})
                time.sleep(0.3)
                began = time.perf_counter()
                running.http.post("/api/auth/ws-ticket").raise_for_status()
                posts.append((time.perf_counter() - began) * 1000)
                began = time.perf_counter()
                running.post("/api/runs", {"task_id": task["id"]})
                while True:
                    event = json.loads(socket.recv(timeout=30))
                    if event["type"] == "analysis_start":
                        delays.append((time.perf_counter() - began) * 1000)
                    if event["type"] == "approval_required":
                        break
    what = "POST /api/runs sent → analysis_start seen"
    return [
        ReportLine(
            f"{what}, p50",
            percentile(delays, 50),
            "ms",
            50,
            "the request's own time included",
            Yardstick("an empty authenticated POST (a socket's ticket)", percentile(posts, 50), 4),
        ),
        ReportLine(f"{what}, p99", percentile(delays, 99), "ms"),
    ]
