"""An event written → seen by WebSocket clients: 200 clients on 50 runs, 500 events/s, so 2,000 deliveries/s."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from dataclasses import replace
from datetime import datetime

import orjson
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.process import cpu_seconds
from benchmarks.report import ReportLine, Yardstick, percentile
from benchmarks.server import Server, server

CLIENTS, RUNS, RATE, WRITERS = 200, 50, 500, 2


def main(quick: bool) -> list[ReportLine]:
    seconds = 5 if quick else 20
    with server() as running:
        runs = running.script_json("benchmarks.seed", "runs", RUNS)
        writers = [
            running.script("benchmarks.write_events", RATE / WRITERS, seconds, *runs[n::WRITERS]) for n in range(WRITERS)
        ]
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()
        lines = asyncio.run(_watch(running, runs, writers))
        raw = running.script_json("benchmarks.raw_socket", RATE, seconds, CLIENTS, RUNS)
    what = "raw INSERT, PUBLISH and socket"
    return [
        replace(lines[0], yardstick=Yardstick(what, raw["p50"], 3)),
        replace(lines[1], yardstick=Yardstick(what, raw["p99"], 3)),
        *lines[2:],
    ]


async def _watch(running: Server, runs: list[str], writers: list[subprocess.Popen[str]]) -> list[ReportLine]:
    delays: list[float] = []
    sockets = []
    for n in range(CLIENTS):
        path = running.socket_url(f"/ws/runs/{runs[n % RUNS]}?batch=1")
        sockets.append(await connect(path, additional_headers=running.headers, compression=None))
    await asyncio.gather(*(_until_live(socket) for socket in sockets))
    watching = [asyncio.create_task(_receive(socket, delays)) for socket in sockets]
    web = running.pid("web")
    began, cpu = time.monotonic(), cpu_seconds(web)
    outputs = await asyncio.gather(*(asyncio.to_thread(writer.communicate, "go\n") for writer in writers))
    busy = (cpu_seconds(web) - cpu) / (time.monotonic() - began)
    for task in watching:
        task.cancel()
    told = [json.loads(output) for output, _ in outputs]
    written = sum(each["written"] for each in told)
    lost = written * CLIENTS / RUNS - len(delays)
    rate = sum(each["per_second"] for each in told)
    note = f"{rate:.0f} events/s, {len(delays)} deliveries, {lost:.0f} missing, web {busy:.0%} of a core"
    return [
        ReportLine("event written → seen, p50", percentile(delays, 50), "ms", 5, note),
        ReportLine("event written → seen, p99", percentile(delays, 99), "ms", 20),
        ReportLine("one event's transaction, p50", max(each["p50_ms"] for each in told), "ms"),
        ReportLine("one event's transaction, p99", max(each["p99_ms"] for each in told), "ms"),
    ]


async def _until_live(socket: ClientConnection) -> None:
    while orjson.loads(await socket.recv())["type"] != "live":
        pass


async def _receive(socket: ClientConnection, delays: list[float]) -> None:
    async for text in socket:
        seen = time.time()
        event = orjson.loads(text)
        for each in event["events"] if event["type"] == "batch" else [event]:
            if "timestamp" in each:
                delays.append((seen - datetime.fromisoformat(each["timestamp"]).timestamp()) * 1000)
