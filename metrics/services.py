"""Recording the metrics of a finished run, exactly once."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Count, Q

from mgx_project.common import clock
from runs.models import TaskRun
from runs.models.run_state import FINAL, WAITING_FOR_PEOPLE, RunOutcome, with_outcome
from workspaces import event_log

from .catalogue import METRICS
from .models import MetricSnapshot


@transaction.atomic(savepoint=False)
def snapshot_run(*, run: TaskRun) -> None:
    """Writes the run's values (a second call changes nothing) and sends the workspace's counters to dashboards."""
    at = run.completed_at or clock.now()
    found = ((metric, metric.read(run)) for metric in METRICS)
    MetricSnapshot.across_tenants.bulk_create(
        [
            MetricSnapshot(
                workspace_id=run.workspace_id,
                project_id=run.project_id,
                task_id=run.task_id,
                run_id=run.pk,
                name=metric.name,
                metric_type=metric.metric_type,
                value=float(value),
                unit=metric.unit,
                labels={"status": run.status, "stack": run.stack},
                timestamp=at,
            )
            for metric, value in found
            if value is not None
        ],
        ignore_conflicts=True,
    )
    event_log.record(
        workspace_id=run.workspace_id,
        type="metrics_updated",
        data={"counters": live_counters(run)},
        message=f"Run #{run.run_number} {run.status}",
    )


def live_counters(run: TaskRun) -> dict[str, float]:
    """Current numbers of runs in the workspace: in progress, waiting for a person, and finished by outcome."""
    counters: dict[str, float] = TaskRun.objects.for_workspace(run.workspace_id).aggregate(
        runs_active=Count("id", filter=~Q(status__in=FINAL | WAITING_FOR_PEOPLE)),
        runs_waiting=Count("id", filter=Q(status__in=WAITING_FOR_PEOPLE)),
        runs_completed=Count("id", filter=Q(status__in=with_outcome(RunOutcome.SUCCEEDED))),
        runs_failed=Count("id", filter=Q(status__in=with_outcome(RunOutcome.FAILED))),
        runs_cancelled=Count("id", filter=Q(status__in=with_outcome(RunOutcome.STOPPED))),
    )
    return counters
