"""What a run costs beside its model and its sandboxed commands: from its first event of work to the commit."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

from benchmarks.report import Line, percentile
from benchmarks.server import server


def main(quick: bool) -> list[Line]:
    with server() as running:
        stories = [running.finish(running.start_run(auto_approve=True)) for _ in range(3 if quick else 8)][1:]
    calls = sum(event["type"] == "model_call" for event in stories[0])
    note = f"the offline model makes {calls} calls; install, formatters and tests taken off"
    overhead = percentile([_overhead(story) for story in stories], 50)
    whole = percentile([_wall(story) for story in stories], 50)
    return [
        Line("run's overhead, analysis to commit, p50", overhead, "ms", 400, note),
        Line("run with its commands, analysis to commit, p50", whole, "ms"),
    ]


def _at(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["timestamp"]).timestamp() * 1000


def _wall(story: list[dict[str, Any]]) -> float:
    return _at(_first(story, "commit_created")) - _at(_first(story, "analysis_start"))


def _first(story: list[dict[str, Any]], type: str) -> dict[str, Any]:
    return next(event for event in story if event["type"] == type)


def _overhead(story: list[dict[str, Any]]) -> float:
    commands = sum(event["data"]["duration_ms"] for event in story if event["type"] == "command_finished")
    formatting = sum(_at(event) - _at(before) for before, event in pairwise(story) if event["type"] == "files_formatted")
    return _wall(story) - commands - formatting
