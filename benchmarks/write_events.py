"""`write_events RATE SECONDS RUN…`: what a worker does while its models talk: one transaction per event, evenly paced.

Waits for a line on stdin before it begins; prints how many it wrote and how long a write took.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import cycle

from benchmarks.django_side import workspace
from benchmarks.report import percentile

WARM_UP = 20


def main(rate: float, seconds: float, run_ids: list[str]) -> dict[str, float]:
    workspace()
    from django.db import connection, transaction

    from runs.events import event_log
    from runs.models import TaskRun

    def write(run: TaskRun) -> None:
        with transaction.atomic():
            event_log.record(run, "model_output", {"role": "engineer", "text": "def total(prices):"}, "A piece of the answer.")
        connection.close()  # to the pool, as the worker does after each call

    runs = list(TaskRun.across_tenants.filter(pk__in=run_ids))
    for run, _ in zip(cycle(runs), range(WARM_UP)):
        write(run)
    print("ready", flush=True)
    sys.stdin.readline()
    took: list[float] = []
    began = time.monotonic()
    for number, run in enumerate(cycle(runs)):
        due = began + number / rate
        if due > began + seconds:
            break
        time.sleep(max(0.0, due - time.monotonic()))
        at = time.perf_counter()
        write(run)
        took.append((time.perf_counter() - at) * 1000)
    elapsed = time.monotonic() - began
    time.sleep(0.5)  # the broadcaster's thread ends with this process
    return {
        "written": len(took),
        "per_second": len(took) / elapsed,
        "p50_ms": percentile(took, 50),
        "p99_ms": percentile(took, 99),
    }


if __name__ == "__main__":
    print(json.dumps(main(float(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])))
