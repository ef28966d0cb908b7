"""Progress of a git transfer for the person who waits: a short line now and then, none for a quick transfer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

SECONDS = 2.0
"""The pause before the first line and between two of them."""
MAX_TAIL = 400

Tell = Callable[[str, int], Awaitable[None]]
"""Called with a line and the progress of the present step in percent."""

_STEP = re.compile(
    r"((?:Counting|Compressing|Receiving) objects|Resolving deltas): +(\d+)%(?: \(\d+/\d+\))?(?:, ([\d.]+ [KMG]iB))?"
)
"""The progress lines of git. Other output of the remote side is not shown."""


def understood(words: str) -> tuple[str, int]:
    """The last step named in git's output ``words``."""
    steps = _STEP.findall(words)
    if not steps:
        return "waiting for the remote", 0
    name, percent, size = steps[-1]
    return f"{name.lower()} {percent} %" + (f", {size}" if size else ""), int(percent)


@asynccontextmanager
async def watched(tell: Tell | None) -> AsyncIterator[Callable[[bytes], None] | None]:
    """`async with watched(tell) as heard:` and whatever ``heard`` gets of git's stderr is told, coalesced."""
    if tell is None:
        yield None
        return
    tail = b""

    def heard(part: bytes) -> None:
        nonlocal tail
        tail = (tail + part)[-MAX_TAIL:]

    async def telling() -> None:
        said = None
        while True:
            await asyncio.sleep(SECONDS)
            now = understood(tail.decode(errors="replace"))
            if now != said:
                said = now
                await tell(*now)

    task = asyncio.create_task(telling())
    try:
        yield heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
