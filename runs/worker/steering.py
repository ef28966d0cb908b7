"""The agent's Steering: each message of a person is passed to one step, and to the same one on replay."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from django.db.models import QuerySet

from ..commits import until_committed
from ..errors import LeaseLost
from ..lifecycle.plan_again import step_key
from ..models import RunStep, SteerMessage, TaskRun
from .lease import Lease


class RunSteering:
    def __init__(self, run: TaskRun, lease: Lease, db: Callable[..., Awaitable[Sequence[str]]]) -> None:
        self._run, self._lease, self._db = run, lease, db

    async def claim(self, key: str) -> Sequence[str]:
        self._lease.check()
        return await self._db(self._claim, key)

    def _claim(self, key: str) -> Sequence[str]:
        """One query where nobody has said anything new. A recorded step was made without what came later: it is not told."""
        messages = SteerMessage.objects.for_workspace(self._run.workspace_id).filter(run=self._run).order_by("number")
        found = list(messages.filter(step_key__in=("", key)).values_list("step_key", "text"))
        if all(step_key == key for step_key, _ in found):
            return tuple(text for _, text in found)
        return until_committed(self._take, key, messages)

    def _take(self, key: str, messages: QuerySet[SteerMessage]) -> Sequence[str]:
        mine = TaskRun.across_tenants.select_for_update().filter(pk=self._run.pk, fence=self._lease.fence)
        if mine.values_list("pk").first() is None:
            raise LeaseLost("Another worker owns this run now.")
        steps = RunStep.objects.for_workspace(self._run.workspace_id).filter(run=self._run, key=step_key(self._run, key))
        if not steps.exclude(finished_at=None).exists():
            messages.filter(step_key="").update(step_key=key)
        return tuple(messages.filter(step_key=key).values_list("text", flat=True))
