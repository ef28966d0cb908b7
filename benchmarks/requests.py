"""Lists of 100 tasks and new tasks, with token and tenancy: CPU time of the web process per request."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from benchmarks.process import cpu_seconds
from benchmarks.report import ReportLine
from benchmarks.server import Server, server


def main(quick: bool) -> list[ReportLine]:
    number = 200 if quick else 1000
    with server() as running:
        running.script_json("benchmarks.seed", "tasks", 200)
        one, hundred = running.script_json("benchmarks.count_queries", running.state["token"])
        task = {"description": "Let total() ignore prices that are None", "stack": "fastapi"}
        listing, per_second = _measure(running, number, lambda: running.http.get("/api/tasks?limit=100"))
        creating, _ = _measure(running, number, lambda: running.http.post("/api/tasks", json=task))
        health, _ = _measure(running, number, lambda: running.http.get("/health/live"))
    return [
        ReportLine("list of 100 tasks, web CPU per request", listing, "ms", 5, f"{per_second:.0f}/s one after the other"),
        ReportLine("list of 100 tasks, queries", hundred, "", one, "bound: those of a list of one"),
        ReportLine("create a task, web CPU per request", creating, "ms", 5),
        ReportLine("/health/live, web CPU per request", health, "ms"),
    ]


def _measure(running: Server, number: int, request: Callable[[], httpx.Response]) -> tuple[float, float]:
    """Milliseconds of CPU per request, and requests per second."""
    web = running.pid("web")
    for _ in range(20):
        request().raise_for_status()
    began, cpu = time.perf_counter(), cpu_seconds(web)
    for _ in range(number):
        request().raise_for_status()
    return (cpu_seconds(web) - cpu) * 1000 / number, number / (time.perf_counter() - began)
