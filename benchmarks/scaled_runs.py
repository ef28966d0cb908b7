"""Runs of the offline model on a `ScaledServer`: how many a minute, what each costs, and whether memory grows with them."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field

from benchmarks import scaled_usage
from benchmarks.report import ReportLine, Yardstick, percentile
from benchmarks.scaled_server import ScaledServer
from benchmarks.scaled_usage import ServerUsage, difference, usage

TASK = {"description": "A FastAPI service that says hello", "stack": "fastapi"}
SAMPLES = 10
SAMPLE_SECONDS = 1.0
GROWTH = 1.05
"""As much of its memory after the second of ten samples a process may have after the last."""
FAILED = {"failed", "cancelled", "paused", "rejected"}
KIBIBYTE = 1024
WARM_UP = 4
"""Runs that are not counted: each worker imports what a run needs, and fills the cache of packages."""


def measure_runs(running: ScaledServer, number: int) -> list[ReportLine]:
    """Raises RuntimeError where one does not complete."""
    batch = _Batch(running)
    batch.submit(WARM_UP)
    batch.watch()
    batch = _Batch(running)
    before, began = usage(running), time.monotonic()
    batch.submit(number)
    batch.watch()
    seconds = time.monotonic() - began
    servers = max(pool[0] for pool in batch.pools)
    clients = max(pool[1] for pool in batch.pools)
    sandboxes = batch.sandboxes or [0.0]
    return [
        ReportLine(
            "runs per minute", 60 * number / seconds, "", note=f"{number} in {seconds:.0f} s, 2 workers, 4 threads each"
        ),
        *_costs(usage(running), before, number),
        ReportLine("sandbox, resident, p50", percentile(sandboxes, 50), "MB", note=f"most {max(sandboxes):.0f} MB"),
        ReportLine("connections to PostgreSQL, most", servers, "", note=f"for {clients} of processes to PgBouncer"),
        *_growth(batch.memory),
    ]


def _costs(now: ServerUsage, before: ServerUsage, number: int) -> list[ReportLine]:
    def each(name: str) -> float:
        total: float = getattr(now, name) - getattr(before, name)
        return total / number

    spent = {name: seconds / number for name, seconds in difference(now.cpu, before.cpu).items()}
    added = {name: (count - before.rows.get(name, 0)) / number for name, count in now.rows.items()}
    rows = {name: count for name, count in sorted(added.items(), key=lambda item: -item[1]) if count > 0}
    by_process = ", ".join(f"{name} {seconds:.2f}" for name, seconds in spent.items())
    by_table = ", ".join(f"{name} {count:.1f}" for name, count in list(rows.items())[:6])
    idle = f"{each('transactions'):.0f} transactions; what idle processes ask is in both"
    return [
        ReportLine("CPU per run, all processes", sum(spent.values()), "s", note=by_process),
        ReportLine("statements per run", each("statements"), "", note=idle),
        ReportLine("rows per run", sum(rows.values()), "", note=by_table),
        ReportLine("database per run", each("database") / KIBIBYTE, "KiB", note=f"WAL {each('wal') / KIBIBYTE:.0f} KiB"),
        ReportLine("artifacts per run", each("artifacts") / KIBIBYTE, "KiB"),
        ReportLine("Valkey per run", each("valkey") / KIBIBYTE, "KiB"),
    ]


def _growth(samples: list[dict[str, float]]) -> list[ReportLine]:
    """The last sample of each process beside its second."""
    early, last = samples[min(1, len(samples) - 1)], samples[-1]
    return [
        ReportLine(
            f"{name}, resident after all runs",
            last[name],
            "MB",
            note=f"most {max(sample[name] for sample in samples):.1f}",
            yardstick=Yardstick("after a fifth of them", early[name], GROWTH),
        )
        for name in last
    ]


@dataclass
class _Batch:
    """``memory`` has a sample (MB by process) after each tenth of the runs, ``sandboxes`` MB of each that was seen, ``pools``
    the connections to PostgreSQL and to PgBouncer."""

    running: ScaledServer
    submitted: list[str] = field(default_factory=list)
    memory: list[dict[str, float]] = field(default_factory=list)
    sandboxes: list[float] = field(default_factory=list)
    pools: list[tuple[int, int]] = field(default_factory=list)

    def submit(self, number: int) -> None:
        with self.running.client() as http:
            for _ in range(number):
                task = http.post("/api/tasks", json=TASK).raise_for_status().json()
                run = http.post("/api/runs", json={"task_id": task["id"], "model": "offline", "auto_approve": True})
                self.submitted.append(run.raise_for_status().json()["id"])

    def watch(self) -> None:
        """Until all have completed."""
        number = len(self.submitted)
        while True:
            done = self._completed()
            while len(self.memory) < SAMPLES * done // number:
                self.memory.append(scaled_usage.memory(self.running))
                told = ", ".join(f"{name} {size:.1f}" for name, size in self.memory[-1].items())
                print(f"  {done} runs: {told} MB", file=sys.stderr, flush=True)
            self.sandboxes += scaled_usage.sandboxes(self.running)
            self.pools.append(scaled_usage.connections(self.running))
            if done == number:
                return
            time.sleep(SAMPLE_SECONDS)

    def _completed(self) -> int:
        rows = self.running.query(
            "SELECT status, count(*) AS n FROM task_runs WHERE id = ANY(%s::uuid[]) GROUP BY status", self.submitted
        )
        found: dict[str, int] = {row["status"]: row["n"] for row in rows}
        if FAILED & set(found):
            errors = self.running.query(
                "SELECT error FROM task_runs WHERE id = ANY(%s::uuid[]) AND error IS NOT NULL", self.submitted
            )
            raise RuntimeError(f"runs did not complete: {found}, {[row['error'] for row in errors]}")
        return found.get("completed", 0)
