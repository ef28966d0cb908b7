"""50 sockets of one task, whose numbers have gaps, at 20 events/s: CPU of the web process, beside as many of one run."""

from __future__ import annotations

import asyncio
import subprocess
import time

import orjson
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.process import cpu_seconds
from benchmarks.report import ReportLine, Yardstick
from benchmarks.server import Server, server

CLIENTS, RATE = 50, 20


def main(quick: bool) -> list[ReportLine]:
    seconds = 5 if quick else 20
    with server() as running:
        (run,) = running.script_json("benchmarks.seed", "runs", 1)
        task = running.get(f"/api/runs/{run}")["task_id"]
        dense, _ = asyncio.run(_percent(running, f"/ws/runs/{run}", run, seconds))
        sparse, missing = asyncio.run(_percent(running, f"/ws/tasks/{task}", run, seconds))
    note = f"{CLIENTS} sockets, {RATE} events/s, {missing} deliveries missing"
    return [
        ReportLine("sockets of a task, web CPU", sparse, "%", 15, note, Yardstick("as many sockets of a run", dense, 2)),
    ]


async def _percent(running: Server, path: str, run: str, seconds: float) -> tuple[float, int]:
    """Of a core, and how many deliveries were missing."""
    writer = running.script("benchmarks.write_events", RATE, seconds, run)
    assert writer.stdout is not None
    await asyncio.to_thread(writer.stdout.readline)
    sockets = [
        await connect(running.socket_url(path), additional_headers=running.headers, compression=None) for _ in range(CLIENTS)
    ]
    for socket in sockets:
        while orjson.loads(await socket.recv())["type"] != "live":
            pass
    web = running.pid("web")
    began, cpu = time.monotonic(), cpu_seconds(web)
    watching = [asyncio.create_task(_count(socket)) for socket in sockets]
    written = orjson.loads(await asyncio.to_thread(_write, writer))["written"]
    percent = 100 * (cpu_seconds(web) - cpu) / (time.monotonic() - began)
    for socket in sockets:
        await socket.close()
    return percent, written * CLIENTS - sum(await asyncio.gather(*watching))


def _write(writer: subprocess.Popen[str]) -> str:
    return writer.communicate("go\n")[0]


async def _count(socket: ClientConnection) -> int:
    return sum([1 async for text in socket if orjson.loads(text)["type"] == "model_output"])
