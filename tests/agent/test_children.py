"""Nothing of a child is left on any way out: no process of its group, no pipe (a warning is an error here)."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from agent.children import child
from tests.support.descriptors import descriptors

PIPE = asyncio.subprocess.PIPE
GRANDCHILD = "sleep 1000 & echo $! > started; echo started; wait"
"""Holds both pipes, so that whoever waits for their end waits for it."""


@pytest.fixture(scope="module", autouse=True)
def nothing_of_before_is_garbage() -> None:
    """Each test looks for garbage twice, which takes long among all that a thousand tests have left."""
    gc.collect()
    gc.freeze()


def ends(pid: int) -> bool:
    """A killed process is gone as soon as the kernel comes to it; one that was not killed would sleep for 1,000 seconds."""
    for _ in range(3000):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


async def reads_a_line(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    assert await process.stdout.readline() == b"started\n"


async def fails(process: asyncio.subprocess.Process) -> None:
    await reads_a_line(process)
    raise ValueError("the reader's own")


async def has_no_time(process: asyncio.subprocess.Process) -> None:
    await reads_a_line(process)
    async with asyncio.timeout(0):
        await process.wait()


async def is_cancelled(process: asyncio.subprocess.Process) -> None:
    await reads_a_line(process)
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


@pytest.mark.parametrize("way", [reads_a_line, fails, has_no_time, is_cancelled])
def test_nothing_is_left(tmp_path: Path, way: Callable[[asyncio.subprocess.Process], Awaitable[None]]) -> None:
    async def run() -> None:
        async with child("sh", "-c", GRANDCHILD, cwd=tmp_path, stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
            await way(process)

    gc.collect()
    before = descriptors()
    with suppress(ValueError, TimeoutError, asyncio.CancelledError):
        asyncio.run(run())
    gc.collect()
    assert descriptors() <= before
    assert ends(int((tmp_path / "started").read_text()))


@pytest.mark.parametrize("turns", range(8))
def test_a_caller_that_is_cancelled_while_it_starts_leaves_nothing(tmp_path: Path, turns: int) -> None:
    """At each turn of the loop from before the start to after it; asyncio itself kills only the first process, and then waits
    for the pipes that the second one holds."""

    async def run() -> None:
        async def whole() -> None:
            async with child("sh", "-c", GRANDCHILD, cwd=tmp_path, stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
                await process.wait()

        task = asyncio.create_task(whole())
        for _ in range(turns):
            await asyncio.sleep(0)
        if turns:  # before the first turn nothing has begun
            while not ((tmp_path / "started").exists() and (tmp_path / "started").read_text()):
                os.sched_yield()
                if turns == 1:
                    break
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    gc.collect()
    before = descriptors()
    asyncio.run(run())
    gc.collect()
    assert descriptors() <= before
    started = tmp_path / "started"
    assert not (started.exists() and started.read_text()) or ends(int(started.read_text()))


async def test_a_second_cancelling_does_not_keep_it_from_being_reaped(tmp_path: Path) -> None:
    async def whole() -> None:
        async with child("sh", "-c", GRANDCHILD, cwd=tmp_path, stdout=PIPE) as process:
            await reads_a_line(process)
            ready.set()
            await process.wait()

    ready = asyncio.Event()
    task = asyncio.create_task(whole())
    await ready.wait()
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)
    assert task.cancelled()
    assert ends(int((tmp_path / "started").read_text()))


async def test_what_can_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        async with child(str(tmp_path / "nothing")):
            pass
