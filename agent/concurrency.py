"""Runs coroutines concurrently; the first error cancels the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from agent.errors import AgentError, Interrupted

T = TypeVar("T")


async def gather_or_cancel(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in the order of ``work``. The first error cancels the others and comes out as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except BaseExceptionGroup as failed:
        raise most_relevant_error(failed) from None
    return [task.result() for task in tasks]


def most_relevant_error(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error to go on with: an interruption outranks a failure, for the run can go on from it."""
    return min(failed.exceptions, key=lambda error: (not isinstance(error, Interrupted), not isinstance(error, AgentError)))
