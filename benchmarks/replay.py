"""10,000 events of one run, from the first request to the last byte: as NDJSON, and as WebSocket batch frames."""

from __future__ import annotations

import time
import uuid

import orjson
import psycopg
from websockets.sync.client import connect

from benchmarks.report import ReportLine, Yardstick, percentile
from benchmarks.server import Server, server

EVENTS = 10_000


def main(quick: bool) -> list[ReportLine]:
    with server() as running:
        (run,) = running.script_json("benchmarks.seed", "events", EVENTS)
        rounds = range(3 if quick else 10)
        by_http = [_ndjson(running, run) for _ in rounds]
        by_socket = [_batches(running, run) for _ in rounds]
        copied = Yardstick("COPY … TO of the same rows", percentile([_copy(running, run) for _ in rounds], 50), 6)
    by_http_p50, by_socket_p50 = percentile(by_http, 50), percentile(by_socket, 50)
    what = "replay of 10,000 events"
    return [
        ReportLine(f"{what}, NDJSON, p50", by_http_p50, "ms", 300, yardstick=copied),
        ReportLine(f"{what}, WebSocket batches, p50", by_socket_p50, "ms", 300, "handshake included", copied),
    ]


def _copy(running: Server, run: str) -> float:
    began = time.perf_counter()
    with psycopg.connect(running.state["database_url"]) as database:
        columns = "position, seq, type, created_at, workspace_id, project_id, task_id, run_id, repository_id, data, message"
        rows = f"SELECT {columns} FROM events WHERE run_id = '{uuid.UUID(run)}' ORDER BY seq"
        with database.cursor().copy(f"COPY ({rows}) TO STDOUT") as copy:
            size = sum(len(piece) for piece in copy)
    if not size:
        raise RuntimeError("nothing was copied")
    return (time.perf_counter() - began) * 1000


def _ndjson(running: Server, run: str) -> float:
    began = time.perf_counter()
    body = running.http.get(f"/api/runs/{run}/events").content
    took = (time.perf_counter() - began) * 1000
    _check([orjson.loads(line)["seq"] for line in body.splitlines()])
    return took


def _batches(running: Server, run: str) -> float:
    frames = []
    began = time.perf_counter()
    address = running.socket_url(f"/ws/runs/{run}?batch=1")
    with connect(address, additional_headers=running.headers, max_size=None, compression=None) as socket:
        while not (frame := socket.recv()).startswith('{"type":"live"'):
            frames.append(frame)
        took = (time.perf_counter() - began) * 1000
    _check([event["seq"] for frame in frames for event in orjson.loads(frame)["events"]])
    return took


def _check(numbers: list[int]) -> None:
    if numbers != list(range(1, EVENTS + 1)):
        raise RuntimeError(f"the replay has {len(numbers)} events, or not in their order")
