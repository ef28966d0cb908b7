"""Lists of 100 tasks and new tasks, with token and tenancy: CPU time of the web process per request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from benchmarks.process import cpu_seconds
from benchmarks.report import ReportLine, Yardstick
from benchmarks.server import Server, server, wait_for
from mgx_project.embedded.ports import free_port


def main(quick: bool) -> list[ReportLine]:
    number = 200 if quick else 1000
    with server() as running:
        running.script_json("benchmarks.seed", "tasks", 200)
        one, hundred = running.script_json("benchmarks.count_queries", running.state["token"])
        task = {"description": "Let total() ignore prices that are None", "stack": "fastapi"}
        listing, per_second = _measure(running, number, lambda: running.http.get("/api/tasks?limit=100"))
        creating, _ = _measure(running, number, lambda: running.http.post("/api/tasks", json=task))
        health, _ = _measure(running, number, lambda: running.http.get("/health/live"))
        with _bare(running) as (pid, http):
            bare_list, _ = _measure_of(pid, number, lambda: http.get("/"))
            bare_insert, _ = _measure_of(pid, number, lambda: http.post("/", json=task))
    same, inserted = (
        Yardstick("bare ASGI, same SQL, psycopg and orjson", bare_list, 2),
        Yardstick("bare ASGI, one INSERT", bare_insert, 4),
    )
    return [
        ReportLine("list of 100 tasks, web CPU per request", listing, "ms", 5, f"{per_second:.0f}/s one by one", same),
        ReportLine("list of 100 tasks, queries", hundred, "", one, "bound: those of a list of one"),
        ReportLine("create a task, web CPU per request", creating, "ms", 5, yardstick=inserted),
        ReportLine("/health/live, web CPU per request", health, "ms"),
    ]


def _measure(running: Server, number: int, request: Callable[[], httpx.Response]) -> tuple[float, float]:
    """Milliseconds of CPU per request, and requests per second."""
    return _measure_of(running.pid("web"), number, request)


@contextmanager
def _bare(running: Server) -> Iterator[tuple[int, httpx.Client]]:
    """The pid of `benchmarks.bare_app` on the server's own database, and a client of it."""
    port = free_port()
    process = running.script("benchmarks.bare_app", port)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=running.headers, timeout=60) as http:
            wait_for(lambda: _answers(http))
            yield process.pid, http
    finally:
        process.terminate()
        process.wait(15)


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/").status_code == 200
    except httpx.TransportError:
        return False


def _measure_of(web: int, number: int, request: Callable[[], httpx.Response]) -> tuple[float, float]:
    for _ in range(20):
        request().raise_for_status()
    began, cpu = time.perf_counter(), cpu_seconds(web)
    for _ in range(number):
        request().raise_for_status()
    return (cpu_seconds(web) - cpu) * 1000 / number, number / (time.perf_counter() - began)
