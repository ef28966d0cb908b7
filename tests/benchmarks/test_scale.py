"""The benchmark of a server of several processes, in a short form."""

from __future__ import annotations

import pytest

from benchmarks.scale import UNLIMITED, measure
from benchmarks.scaled_server import missing, scaled_server

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"Debian packages are not installed: {' '.join(missing())}")


def test_the_benchmark_counts_what_it_promises() -> None:
    """Its short form: no delivery is missing, all runs complete, and few of the processes' connections reach PostgreSQL."""
    with scaled_server(**UNLIMITED) as running:
        lines = {line.what: line for line in measure(running, runs=5, sockets=20, requests=16, seconds=2)}
    assert lines["deliveries missing"].value == 0
    assert lines["runs per minute"].value > 0
    for what in (
        "statements per run",
        "rows per run",
        "database per run",
        "CPU per run, all processes",
        "sandbox, resident, p50",
    ):
        assert lines[what].value > 0, what
    servers = lines["connections to PostgreSQL, most"]
    assert 0 < servers.value < 40
    assert {"web-1", "web-2", "worker-1", "worker-2", "pgbouncer"} == {
        what.partition(",")[0] for what in lines if what.endswith("resident after all runs")
    }
