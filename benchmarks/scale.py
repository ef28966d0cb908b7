"""Two web processes behind nginx, two workers and PgBouncer: what requests, sockets and runs cost, and whether memory grows.

`python -m benchmarks.scale --runs 1000` takes as many runs as it is told. Needs Debian's packages nginx and pgbouncer. CPU is
counted by process, so that others on the machine do not count; runs per minute and delays depend on them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from benchmarks.report import ReportLine, Yardstick, percentile, show
from benchmarks.scaled_runs import measure_runs
from benchmarks.scaled_server import ScaledServer, scaled_server
from benchmarks.scaled_usage import cpu, difference, megabytes, usage
from benchmarks.socket_arrivals import deliver, listening, open_sockets

CLIENTS = 8
RATE = 0.5
"""Events per second, each for all sockets."""
UNLIMITED = {"MGX_LIMIT_RUNNING_RUNS": "0", "MGX_LIMIT_QUEUED_RUNS": "0"}


SHORT: dict[str, int] = {"runs": 10, "sockets": 50, "requests": 80, "seconds": 3}


def main(quick: bool) -> list[ReportLine]:
    with scaled_server(**UNLIMITED) as running:
        return measure(running, **SHORT) if quick else measure(running)


def measure(
    running: ScaledServer, *, runs: int = 1000, sockets: int = 1000, requests: int = 1000, seconds: float = 40
) -> list[ReportLine]:
    """The server must have no limits of workspaces (`UNLIMITED`), and nobody else may use it."""
    return [
        *_idle(running, seconds),
        *_requests(running, requests),
        *asyncio.run(_sockets(running, sockets, seconds)),
        *measure_runs(running, runs),
    ]


def _idle(running: ScaledServer, seconds: float) -> list[ReportLine]:
    before, statements = cpu(running), usage(running).statements
    time.sleep(seconds)
    used = {name: 100 * spent / seconds for name, spent in difference(cpu(running), before).items()}
    asked = (usage(running).statements - statements) / seconds
    told = ", ".join(f"{name} {percent:.1f}" for name, percent in used.items())
    return [ReportLine("idle: CPU of all processes", sum(used.values()), "%", note=f"{told}; {asked:.0f} statements/s")]


def _requests(running: ScaledServer, number: int) -> list[ReportLine]:
    running.script_json("benchmarks.seed", "tasks", 200)
    task = {"description": "Let total() ignore prices that are None", "stack": "fastapi"}
    asks: dict[str, Callable[[httpx.Client], httpx.Response]] = {
        "list of 100 tasks": lambda http: http.get("/api/tasks?limit=100"),
        "create a task": lambda http: http.post("/api/tasks", json=task),
    }
    lines = []
    for what, ask in asks.items():
        alone = _alone(running, ask, number)
        before, began = cpu(running), time.monotonic()
        delays = _load(running, ask, number)
        elapsed = time.monotonic() - began
        used = {name: 1000 * spent / len(delays) for name, spent in difference(cpu(running), before).items()}
        spent = f"nginx {used['nginx']:.1f}, PgBouncer {used['pgbouncer']:.1f}, PostgreSQL {used['postgres']:.1f} ms"
        took = f"{len(delays) / elapsed:.0f}/s, p50 {percentile(delays, 50):.0f}, p95 {percentile(delays, 95):.0f} ms"
        yardstick = Yardstick("the same, one client at one web process", alone, 1.5)
        note = f"{spent}; {CLIENTS} clients: {took}"
        lines.append(ReportLine(f"{what}: web CPU", used["web"], "ms", note=note, yardstick=yardstick))
    return lines


def _alone(running: ScaledServer, ask: Callable[[httpx.Client], httpx.Response], number: int) -> float:
    """Milliseconds of a web process for each of ``number`` requests that come one after the other, past the proxy."""
    with httpx.Client(base_url=f"http://127.0.0.1:{running.ports[0]}", headers=running.headers, timeout=60) as http:
        for _ in range(20):
            ask(http).raise_for_status()
        before = cpu(running)
        for _ in range(number):
            ask(http).raise_for_status()
        return 1000 * difference(cpu(running), before)["web"] / number


def _load(running: ScaledServer, ask: Callable[[httpx.Client], httpx.Response], number: int) -> list[float]:
    """Milliseconds of each, by several clients at once through the proxy."""

    def client(_: int) -> list[float]:
        took = []
        with running.client() as http:
            for _ in range(number // CLIENTS):
                began = time.perf_counter()
                ask(http).raise_for_status()
                took.append(1000 * (time.perf_counter() - began))
        return took

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [each for took in pool.map(client, range(CLIENTS)) for each in took]


async def _sockets(running: ScaledServer, number: int, seconds: float) -> list[ReportLine]:
    """All on one run, so that each event goes to all."""
    (run,) = running.script_json("benchmarks.seed", "runs", 1)
    webs = [running.process(child) for child in running.webs]
    empty = sum(map(megabytes, webs))
    sockets = await open_sockets(running.socket_url(f"/ws/runs/{run}"), [running.headers], number)
    each = 1024 * (sum(map(megabytes, webs)) - empty) / number
    writer = running.script("benchmarks.write_events", RATE, seconds, run)
    async with listening(writer, sockets) as arrivals:
        before, began = cpu(running), time.monotonic()
        due = await deliver(writer, sockets, arrivals)
        elapsed, used, delays = time.monotonic() - began, difference(cpu(running), before), arrivals.delays
    raw = await asyncio.to_thread(_raw, running, seconds, number)
    busy = f"web {100 * used['web'] / elapsed:.0f}, nginx {100 * used['nginx'] / elapsed:.0f} % of a core"
    return [
        ReportLine(f"{number} sockets: event written → seen, p50", percentile(delays, 50), "ms", yardstick=raw[0]),
        ReportLine("the same, p95", percentile(delays, 95), "ms", note=f"{RATE:g} events/s to each", yardstick=raw[1]),
        ReportLine("deliveries missing", due - len(delays), "", bound=0, note=f"of {due}"),
        ReportLine("web CPU per delivery", 1e6 * used["web"] / max(1, len(delays)), "µs", note=busy),
        ReportLine("web memory per socket", each, "KiB"),
    ]


def _raw(running: ScaledServer, seconds: float, sockets: int) -> tuple[Yardstick, Yardstick]:
    argv = [sys.executable, "-m", "benchmarks.raw_socket", *map(str, (RATE, seconds, sockets, 1))]
    env = running.env | {"DATABASE_URL": running.direct}
    told = json.loads(subprocess.run(argv, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout)
    what = "raw INSERT, PUBLISH and as many sockets"
    return Yardstick(what, told["p50"]), Yardstick(f"{what}, p99", told["p99"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=40)
    options = vars(parser.parse_args())
    with scaled_server(**UNLIMITED) as server:
        show(measure(server, **options))
