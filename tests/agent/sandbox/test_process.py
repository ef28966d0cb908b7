"""A command that is cancelled at any moment, also twice, has no process alive when that is told."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from agent.sandbox import WorkdirSandbox, process
from agent.sandbox.namespace import Namespace
from tests.support.descriptors import descriptors

pytestmark = pytest.mark.asyncio


def descendants() -> list[int]:
    """Processes of the host that come from this one."""
    found, waiting = [], [os.getpid()]
    while waiting:
        pid = waiting.pop()
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                children = [int(child) for child in task.read_text().split()]
            except OSError:
                continue
            found += children
            waiting += children
    return found


async def test_cancelled_after_any_number_of_steps_nothing_is_alive(sandbox: WorkdirSandbox) -> None:
    before, opened = set(descendants()), descriptors()
    for steps in range(24):
        task = asyncio.ensure_future(sandbox.run(("sleep", "60")))
        for _ in range(steps):
            await asyncio.sleep(0)
        await asyncio.sleep(0.002 * max(0, steps - 12))
        task.cancel()
        for _ in range(steps % 3):  # again, while it ends
            await asyncio.sleep(0)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert set(descendants()) <= before, steps
    assert len(descriptors() - opened) <= 1


async def test_an_error_before_or_after_the_start_leaves_no_process(
    sandbox: WorkdirSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = descendants()

    def failing(*_: Any) -> None:
        raise RuntimeError("injected")

    for target, name in ((Namespace, "__init__"), (process, "watch"), (process, "_read")):
        with monkeypatch.context() as patch:
            patch.setattr(target, name, failing)
            with pytest.raises(RuntimeError, match="injected"):
                await sandbox.run(("sleep", "60"))
        assert descendants() == before, name
