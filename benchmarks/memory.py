"""Resident memory: the web process after it answered, the worker before its first run and the most it takes in one."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.process import rss_megabytes
from benchmarks.report import ReportLine, Yardstick
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
    bare = Yardstick("a process that has imported Django, DRF and uvicorn", _bare())
    return [
        ReportLine("web, resident", web, "MB", 150, yardstick=bare),
        ReportLine("worker idle, resident", idle, "MB", 250, yardstick=bare),
        ReportLine("worker in a run, resident", max(seen), "MB", 400, yardstick=bare),
    ]


def _bare() -> float:
    code = """
import sys, django, uvicorn
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"])
django.setup()
import rest_framework.views
print("ready", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        found = rss_megabytes(process.pid)
        process.stdin.close()
    return found
