"""Outputs and reports of real runners, each with what has to be read of it: ``samples/<runner>/<case>.json`` says how the command
was called, how it ended, which file beside it is its output and which are its reports, and what is expected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.checks.reports import read
from agent.ports import CommandResult

PLACE = Path(__file__).with_name("samples")


@dataclass(frozen=True)
class Sample:
    name: str
    runner: str
    result: CommandResult
    reports: Mapping[str, str]
    expected: Mapping[str, Any]

    def read(self, *, with_reports: bool = True) -> dict[str, Any]:
        return read(self.runner, self.result, self.reports if with_reports else {}).to_json()


def samples() -> list[Sample]:
    return [_sample(path) for path in sorted(PLACE.glob("*/*.json")) if "expected" in json.loads(path.read_text("utf-8"))]


def _sample(path: Path) -> Sample:
    case = json.loads(path.read_text("utf-8"))
    output = (path.parent / case["output"]).read_text("utf-8") if "output" in case else ""
    result = CommandResult(
        tuple(case["argv"]), case["exit_code"], 1, output, timed_out=case.get("timed_out", False),
        available=case.get("available", True),
    )  # fmt: skip
    reports = {name: (path.parent / file).read_text("utf-8") for name, file in case.get("reports", {}).items()}
    return Sample(f"{path.parent.name}/{path.stem}", case["runner"], result, reports, case["expected"])
