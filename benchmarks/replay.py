"""10,000 events of one run, from the first request to the last byte: as NDJSON, and as WebSocket batch frames."""

from __future__ import annotations

import time

import orjson
from websockets.sync.client import connect

from benchmarks.report import ReportLine, percentile
from benchmarks.server import Server, server

EVENTS = 10_000


def main(quick: bool) -> list[ReportLine]:
    with server() as running:
        (run,) = running.script_json("benchmarks.seed", "events", EVENTS)
        rounds = range(3 if quick else 10)
        by_http = [_ndjson(running, run) for _ in rounds]
        by_socket = [_batches(running, run) for _ in rounds]
    return [
        ReportLine("replay of 10,000 events, NDJSON, p50", percentile(by_http, 50), "ms", 300),
        ReportLine(
            "replay of 10,000 events, WebSocket batches, p50", percentile(by_socket, 50), "ms", 300, "handshake included"
        ),
    ]


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
