"""Many sockets, and when events arrive at them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.write_events import WARM_UP

LATEST_SECONDS = 60.0
"""How long a delivery may take before it counts as missing."""


async def open_sockets(url: str, headers: Sequence[Mapping[str, str]], number: int) -> list[ClientConnection]:
    """With each of ``headers`` in turn; all are live."""
    sockets = []
    for each in range(number):
        mine = headers[each % len(headers)]
        sockets.append(await connect(url, additional_headers=mine, compression=None, open_timeout=60))
    for socket in sockets:
        while orjson.loads(await socket.recv())["type"] != "live":
            pass
    return sockets


@dataclass
class Arrivals:
    """Milliseconds from the writing of an event to its arrival, of each delivery."""

    expected: int
    delays: list[float] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, socket: ClientConnection) -> None:
        async for text in socket:
            seen = time.time()
            event = orjson.loads(text)
            if event["type"] == "model_output":
                self.delays.append((seen - datetime.fromisoformat(event["timestamp"]).timestamp()) * 1000)
                if len(self.delays) >= self.expected:
                    self.changed.set()

    async def wait(self, expected: int | None = None) -> None:
        """Until as many have arrived, or none more is to be expected."""
        self.expected = self.expected if expected is None else expected
        self.changed.clear()
        if len(self.delays) < self.expected:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.changed.wait(), LATEST_SECONDS)


@asynccontextmanager
async def listening(writer: subprocess.Popen[str], sockets: Sequence[ClientConnection]) -> AsyncIterator[Arrivals]:
    """``writer`` is `benchmarks.write_events`. What it writes to warm up has arrived at all sockets and is not counted. The
    sockets are closed at the end."""
    assert writer.stdout is not None
    await asyncio.to_thread(writer.stdout.readline)
    arrivals = Arrivals(WARM_UP * len(sockets))
    watching = [asyncio.create_task(arrivals.receive(socket)) for socket in sockets]
    try:
        await arrivals.wait()
        arrivals.delays.clear()
        yield arrivals
    finally:
        for task in watching:
            task.cancel()
        for socket in sockets:
            await socket.close()


async def deliver(writer: subprocess.Popen[str], sockets: Sequence[ClientConnection], arrivals: Arrivals) -> int:
    """Lets ``writer`` write, waits for what it wrote, and returns how many deliveries that should be."""
    output, _ = await asyncio.to_thread(writer.communicate, "go\n")
    due: int = json.loads(output)["written"] * len(sockets)
    await arrivals.wait(due)
    return due
