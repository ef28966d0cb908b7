"""Records a run's metrics in the transaction that ends the run."""

from __future__ import annotations

from typing import Any

from runs.models import TaskRun
from runs.signals import run_finished

from .services import snapshot_run


def keep_numbers(*, run: TaskRun, **_: Any) -> None:
    snapshot_run(run=run)


def connect() -> None:
    run_finished.connect(keep_numbers, dispatch_uid="metrics.run_finished")
