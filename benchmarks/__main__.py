"""`python -m benchmarks NAME|all [--quick]`: exit code 1 when a bound is missed."""

from __future__ import annotations

import argparse
import signal
import sys
from importlib import import_module

from agent.logs import log_to_stderr
from benchmarks.report import ReportLine, show

NAMES = (
    "live", "first_event", "replay", "requests", "rate_limits", "pipeline", "recovery", "commands", "memory", "patch",
    "repomap", "checkout", "neighbour", "warm_baseline", "sparse_sockets", "fan_out",
)  # fmt: skip
ALONE = ("scale",)
"""Not part of `all`: it takes an hour or more, and programs that are in no lock file."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures the numbers that this project holds.")
    parser.add_argument("name", choices=("all", *NAMES, *ALONE))
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: shows the order of magnitude only")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers go down then too
    lines: list[ReportLine] = []
    try:
        for name in NAMES if options.name == "all" else (options.name,):
            print(f"· {name}", file=sys.stderr, flush=True)
            lines += import_module(f"benchmarks.{name}").main(options.quick)
    finally:
        show(lines)  # also what was measured before one failed
    return 0 if all(line.ok for line in lines) else 1


if __name__ == "__main__":
    log_to_stderr()
    sys.exit(main())
