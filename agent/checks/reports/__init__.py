"""Test results that are read: how a runner is asked for a report, what its report or closing lines say, and how single tests
are run again by name."""

from agent.checks.reports.measuring import how_to_measure
from agent.checks.reports.model import CollectionError, Reporting, SuiteReport, Tally
from agent.checks.reports.reading import read
from agent.checks.reports.reporting import how_to_report
from agent.checks.reports.reruns import can_be_named, distinct, rerun

__all__ = [
    "CollectionError",
    "Reporting",
    "SuiteReport",
    "Tally",
    "can_be_named",
    "distinct",
    "how_to_measure",
    "how_to_report",
    "read",
    "rerun",
]
