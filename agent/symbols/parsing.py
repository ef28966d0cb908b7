"""Parses many files in a few processes: tree-sitter keeps Python's lock, and a grammar may hang or crash on a hostile file.

A file that ends its process has no tags, and a fresh process goes on with the next: so do those that take too much CPU (see
``worker``). One that is not answered in time for another reason is left for the next map.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import orjson
import structlog

from agent.children import child

log = structlog.stdlib.get_logger(__name__)

READY = b"ready\n"
TIMEOUT = 10.0
"""For one file."""
MAX_SECONDS = 30.0
"""For all files: what is not parsed by then is missing from this map and in the next one."""
MAX_PROCESSES = 2
AHEAD = 4
"""Files sent to a process before their answers are back, so that it never waits."""
ANSWER_LIMIT = 16 * 1024 * 1024
CHECKOUT = Path(__file__).parents[2]
EMPTY = (b"[]", b"{}")

Answer = tuple[bytes, bytes]
"""JSON of the definitions [[name, kind, line, signature, end, inside]] and of the references {name: count}."""


@dataclass(frozen=True)
class Job:
    """``key`` is the caller's; ``load`` gives the bytes, or None when the file is no longer what it was."""

    key: bytes
    language: str
    load: Callable[[], bytes | None]


async def parse(jobs: Iterable[Job], done: Callable[[Job, Answer], None]) -> int:
    """Calls ``done`` once for each parsed job, in any order; returns how many. Never raises for what is in a file."""
    waiting = deque(jobs)
    count = 0

    def finish(job: Job, answer: Answer) -> None:
        nonlocal count
        count += 1
        done(job, answer)

    processes = max(1, min(MAX_PROCESSES, os.cpu_count() or 1, len(waiting) // 16 + 1))
    try:
        async with asyncio.timeout(MAX_SECONDS), asyncio.TaskGroup() as group:
            for _ in range(processes):
                group.create_task(_drain(waiting, finish))
    except TimeoutError:
        return count
    return count


async def _drain(waiting: deque[Job], done: Callable[[Job, Answer], None]) -> None:
    while waiting:
        async with _Child() as parser:
            if not await parser.is_ready():
                # the files are not to blame, so they are not remembered as having no tags
                log.warning("a process that parses files did not start: the repository map is incomplete")
                return
            while waiting or parser.sent:
                while waiting and len(parser.sent) < AHEAD:
                    parser.send(waiting.popleft())
                if not parser.sent:
                    break
                try:
                    answer = await parser.answer()
                except TimeoutError:
                    parser.sent.popleft()
                    break
                done(parser.sent.popleft(), answer or EMPTY)
                if answer is None:
                    break
            waiting.extendleft(reversed(parser.sent))


class _Child:
    """One process. ``sent`` are the jobs whose answers are still to come, in their order."""

    def __init__(self) -> None:
        self.sent: deque[Job] = deque()

    async def __aenter__(self) -> Self:
        # nothing of this process's environment: it holds keys
        env = {"PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
        self._held = child(
            sys.executable, "-m", "agent.symbols.worker", cwd="/", env=env, limit=ANSWER_LIMIT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        self._process = await self._held.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._held.__aexit__(*error)

    async def is_ready(self) -> bool:
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(TIMEOUT):
                return await self._process.stdout.readline() == READY
        except TimeoutError:
            return False

    def send(self, job: Job) -> None:
        data = job.load()
        if data is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps({"language": job.language, "size": len(data)}) + b"\n" + data)
        self.sent.append(job)

    async def answer(self) -> Answer | None:
        """Of the first of ``sent``; None when there will be none. Raises TimeoutError."""
        assert self._process.stdout is not None
        async with asyncio.timeout(TIMEOUT):
            line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            return None
        definitions, references = orjson.loads(line)
        return orjson.dumps(definitions), orjson.dumps(references)
