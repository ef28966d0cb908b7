"""1,000 sockets of one run on one web process, two events a second for each: whether they keep up, and a delivery's CPU.

The sockets are of several tokens, for the server bounds those of one.
"""

from __future__ import annotations

import asyncio

from benchmarks.process import cpu_seconds
from benchmarks.report import ReportLine, Yardstick, percentile
from benchmarks.server import Server, server
from benchmarks.socket_arrivals import deliver, listening, open_sockets

SOCKETS, TOKENS, RATE = 1_000, 4, 2.0
SLOWEST_MS = 3_000.0


def main(quick: bool) -> list[ReportLine]:
    number, seconds = (200, 5) if quick else (SOCKETS, 20)
    with server() as running:
        (run,) = running.script_json("benchmarks.seed", "runs", 1)
        delays, written, cost = asyncio.run(_deliver(running, run, number, seconds))
        raw = running.script_json("benchmarks.raw_socket", RATE, seconds, number, 1)
    what = "raw INSERT, PUBLISH and as many sockets"
    note = f"{number} sockets, {RATE:g} events/s to each"
    return [
        ReportLine("event written → seen, p50", percentile(delays, 50), "ms", note=note, yardstick=Yardstick(what, raw["p50"])),
        ReportLine("the same, p95", percentile(delays, 95), "ms", SLOWEST_MS),
        ReportLine("deliveries missing", written - len(delays), "", bound=0, note=f"of {written}"),
        ReportLine("web CPU per delivery", cost, "µs"),
    ]


async def _deliver(running: Server, run: str, number: int, seconds: float) -> tuple[list[float], int, float]:
    """Milliseconds of each delivery, how many there should be, and microseconds of the web process's CPU for one."""
    tokens = [running.post("/api/tokens", {"name": f"fan-out {each}"})["token"] for each in range(TOKENS)]
    headers = [{"Authorization": f"Bearer {token}"} for token in tokens]
    sockets = await open_sockets(running.socket_url(f"/ws/runs/{run}"), headers, number)
    writer = running.script("benchmarks.write_events", RATE, seconds, run)
    async with listening(writer, sockets) as arrivals:
        web = running.pid("web")
        before = cpu_seconds(web)
        due = await deliver(writer, sockets, arrivals)
        spent = cpu_seconds(web) - before
    return arrivals.delays, due, 1e6 * spent / max(1, len(arrivals.delays))
