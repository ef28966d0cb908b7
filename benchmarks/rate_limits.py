"""What counting costs a request: two servers side by side, one with the rate limits off and one with all of them on."""

from __future__ import annotations

import time

from benchmarks.process import cpu_seconds
from benchmarks.report import ReportLine, Yardstick, percentile
from benchmarks.server import Server, server

PATH = "/api/tasks?limit=1"
"""Counts a token and a workspace."""
ROUNDS = 10
ON = {
    "MGX_RATE_PRINCIPAL": "1000000",
    "MGX_RATE_ANONYMOUS": "1000000",
    "MGX_RATE_FAILED": "1000000",
    "MGX_RATE_WEBHOOKS": "1000000",
    "MGX_LIMIT_REQUESTS_PER_MINUTE": "1000000",
}


def main(quick: bool) -> list[ReportLine]:
    number = 20 if quick else 100
    with server() as off, server(**ON) as on:
        if "RateLimit-Limit" in off.http.get(PATH).headers or "RateLimit-Limit" not in on.http.get(PATH).headers:
            raise RuntimeError("the limits are not off on the one server and on on the other")
        cpu: dict[Server, list[float]] = {off: [], on: []}
        waited: dict[Server, list[float]] = {off: [], on: []}
        for running in (off, on):
            _ask(running, 50)
        for _ in range(ROUNDS):  # in turn, so that what else the machine does meets both
            for running in (off, on):
                milliseconds, times = _ask(running, number)
                cpu[running].append(milliseconds)
                waited[running] += times
    without, with_them = (percentile(cpu[running], 50) for running in (off, on))
    slow, slower = (percentile(waited[running], 50) for running in (off, on))
    added = with_them - without
    said = f"{added * 1000:.0f} µs; answer {(slower - slow) * 1000:+.0f} µs"
    return [
        ReportLine("a request without rate limits, web CPU", without, "ms", note=f"p50 of the answer {slow:.2f} ms"),
        ReportLine(
            "the same with all of them, web CPU",
            with_them,
            "ms",
            note=f"p50 of the answer {slower:.2f} ms",
            yardstick=Yardstick("without", without),
        ),
        ReportLine("added by the rate limits, web CPU", added, "ms", 0.5, said),
    ]


def _ask(running: Server, number: int) -> tuple[float, list[float]]:
    """Milliseconds of CPU of the web process per request, and what each answer took."""
    web, times = running.pid("web"), []
    before = cpu_seconds(web)
    for _ in range(number):
        began = time.perf_counter()
        running.http.get(PATH).raise_for_status()
        times.append((time.perf_counter() - began) * 1000)
    return (cpu_seconds(web) - before) * 1000 / number, times
