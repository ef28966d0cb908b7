"""Resident memory: the web process after it answered, the worker before its first run and the most it takes in one."""

from __future__ import annotations

from benchmarks.process import rss_megabytes
from benchmarks.report import ReportLine
from benchmarks.server import server, wait_for


def main(quick: bool) -> list[ReportLine]:
    seen: list[float] = []
    with server() as running:
        worker = running.pid("worker")
        idle = rss_megabytes(worker)
        run = running.start_run(auto_approve=True)

        def ended() -> bool:
            seen.append(rss_megabytes(worker))
            return running.get(f"/api/runs/{run}")["status"] == "completed"

        wait_for(ended)
        for _ in range(100):
            running.get("/api/tasks?limit=100")
        web = rss_megabytes(running.pid("web"))
    return [
        ReportLine("web, resident", web, "MB", 150),
        ReportLine("worker idle, resident", idle, "MB", 250),
        ReportLine("worker in a run, resident", max(seen), "MB", 400),
    ]
