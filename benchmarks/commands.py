"""`mgx --help` and `mgx list`, from process start to end."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.report import ReportLine, Yardstick, percentile
from benchmarks.server import server


def main(quick: bool) -> list[ReportLine]:
    times = 5 if quick else 20
    with server() as running:
        env = {**running.env, "MGX_SERVER": running.url, "MGX_TOKEN": running.state["token"]}
        mgx = str(Path(sys.executable).with_name("mgx"))
        argvs = ([sys.executable, "-c", "pass"], [mgx, "--help"], [mgx, "list"])
        # in turn, so that what else the machine does meets all three
        rounds = [[_milliseconds(argv, env) for argv in argvs] for _ in range(times + 1)][1:]
    nothing, asked, listed = (percentile(each, 50) for each in zip(*rounds, strict=True))
    return [
        ReportLine("mgx --help, p50", asked, "ms", 150, yardstick=Yardstick("python -c pass", nothing, 4)),
        ReportLine("mgx list, p50", listed, "ms", 250, yardstick=Yardstick("python -c pass", nothing, 9)),
    ]


def _milliseconds(argv: list[str], env: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(argv, env=env, check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000
