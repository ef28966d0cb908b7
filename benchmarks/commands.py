"""`mgx --help` and `mgx list`, from process start to end."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.report import ReportLine, percentile
from benchmarks.server import server


def main(quick: bool) -> list[ReportLine]:
    times = 5 if quick else 20
    with server() as running:
        env = {**running.env, "MGX_SERVER": running.url, "MGX_TOKEN": running.state["token"]}
        asked = [_milliseconds(["--help"], env) for _ in range(times + 1)][1:]
        listed = [_milliseconds(["list"], env) for _ in range(times + 1)][1:]
    return [
        ReportLine("mgx --help, p50", percentile(asked, 50), "ms", 150),
        ReportLine("mgx list, p50", percentile(listed, 50), "ms", 250),
    ]


def _milliseconds(arguments: list[str], env: dict[str, str]) -> float:
    mgx = Path(sys.executable).with_name("mgx")
    began = time.perf_counter()
    subprocess.run([mgx, *arguments], env=env, check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000
