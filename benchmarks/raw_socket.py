"""`raw_socket RATE SECONDS CLIENTS RUNS`: an event written → seen, without anything of ours: INSERT, PUBLISH, and a socket.

One process serves the sockets of ``websockets`` and hears Redis, as a web process does; another writes, as a worker does; the
clients are a third. Prints the delays' p50 and p99 in milliseconds as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time

import orjson
import psycopg
import redis
import redis.asyncio
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, broadcast, serve

from benchmarks.report import percentile
from mgx_project.embedded.ports import free_port

CHANNEL = "raw"
INSERT = "INSERT INTO raw_events (run, data, made) VALUES (%s, %s, clock_timestamp())"


async def serve_sockets(port: int) -> None:
    listening: dict[str, set[ServerConnection]] = {}

    async def handle(socket: ServerConnection) -> None:
        assert socket.request is not None
        mine = listening.setdefault(socket.request.path.strip("/"), set())
        mine.add(socket)
        await socket.wait_closed()
        mine.discard(socket)

    async with serve(handle, "127.0.0.1", port, compression=None):
        async with redis.asyncio.Redis.from_url(os.environ["REDIS_URL"]).pubsub() as heard:
            await heard.subscribe(CHANNEL)
            print("ready", flush=True)
            async for message in heard.listen():
                if message["type"] == "message":
                    run, _, _ = message["data"].partition(b" ")
                    broadcast(listening.get(run.decode(), set()), message["data"].decode())


def write(rate: float, seconds: float, runs: int) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as database, redis.Redis.from_url(os.environ["REDIS_URL"]) as bus:
        began = time.monotonic()
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            run, at = str(number % runs), time.time()
            database.execute(INSERT, [run, orjson.dumps({"role": "engineer", "text": "def total(prices):"}).decode()])
            database.commit()
            bus.publish(CHANNEL, f"{run} {at}")


async def watch(port: int, clients: int, runs: int, writer: list[str], wanted: int) -> list[float]:
    """The delays of all ``wanted`` deliveries, in milliseconds. Raises TimeoutError where some did not come."""
    delays: list[float] = []
    everything = asyncio.Event()

    async def receive(number: int) -> None:
        async with connect(f"ws://127.0.0.1:{port}/{number % runs}", compression=None) as socket:
            opened.release()
            async for text in socket:
                delays.append((time.time() - float(str(text).partition(" ")[2])) * 1000)
                if len(delays) == wanted:
                    everything.set()

    opened = asyncio.Semaphore(0)
    watching = [asyncio.create_task(receive(number)) for number in range(clients)]
    for _ in watching:
        await opened.acquire()
    process = await asyncio.create_subprocess_exec(*writer)
    await process.wait()
    async with asyncio.timeout(60):
        await everything.wait()
    for task in watching:
        task.cancel()
    return delays


def main(rate: float, seconds: float, clients: int, runs: int) -> dict[str, float]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS raw_events "
            "(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run text, data jsonb, made timestamptz)"
        )
    wanted = sum(len(range(number % runs, clients, runs)) for number in range(int(rate * seconds)))
    port, me = free_port(), [sys.executable, "-m", "benchmarks.raw_socket"]
    with subprocess.Popen([*me, "serve", str(port)], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        server.stdout.readline()
        try:
            delays = asyncio.run(watch(port, clients, runs, [*me, "write", str(rate), str(seconds), str(runs)], wanted))
        finally:
            server.terminate()
    return {"p50": percentile(delays, 50), "p99": percentile(delays, 99)}


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve_sockets(int(sys.argv[2])))
    elif sys.argv[1] == "write":
        write(float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
    else:
        print(json.dumps(main(float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
