"""`seed tasks N`, `seed runs N`, `seed events N`: fills the database; prints the ids as JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks.django_side import workspace

TEXT = "def total(prices):\n    return sum(prices)\n" * 4
CHUNK = 500


def main(kind: str, number: int) -> list[str]:
    tenant = workspace()
    from projects.models import Project
    from tasks.models import Task

    project = Project.objects.for_workspace(tenant.pk).first()
    common = {"workspace_id": tenant.pk, "project_id": project.pk}
    if kind == "tasks":
        tasks = [
            Task(**common, name=f"Task {n}", description="Let total() ignore prices that are None. " * 5, max_rounds=5)
            for n in range(number)
        ]
        Task.across_tenants.bulk_create(tasks)
        return [str(task.pk) for task in tasks]
    task = Task.objects.create(**common, name="Benchmark", description="What the events belong to.")
    if kind == "runs":
        return [str(run.pk) for run in _runs(task, number)]
    (run,) = _runs(task, 1)
    _events(run, number)
    return [str(run.pk)]


def _runs(task: Any, number: int) -> list[Any]:
    from runs.models import TaskRun

    # Final, so that no worker takes them.
    facts = {"workspace_id": task.workspace_id, "project_id": task.project_id, "status": "completed"}
    return [TaskRun.objects.create(task=task, run_number=n + 1, **facts) for n in range(number)]


def _events(run: Any, number: int) -> None:
    from django.db import transaction

    from runs.events import event_log

    for first in range(0, number, CHUNK):
        with transaction.atomic():
            for n in range(first, min(number, first + CHUNK)):
                event_log.record(run, "model_output", {"role": "engineer", "text": TEXT}, f"Piece {n}")


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
