"""Benchmarks print a yardstick of the same kind in the same run; the one without a server needs none of its settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import ALONE, NAMES
from benchmarks.report import ReportLine, Yardstick, show

CHECKOUT = Path(__file__).resolve().parents[2]


def test_the_checkout_is_measured_without_any_setting_of_a_server() -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MGX_", "DATABASE_", "REDIS_", "DJANGO_"))}
    argv = [sys.executable, "-c", "from benchmarks import checkout; print(*checkout.main(quick=True), sep=chr(10))"]
    done = subprocess.run(argv, cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert len(lines) == 3 and all("git clone --shared" in line for line in lines)


@pytest.mark.parametrize("name", [*NAMES, *ALONE])
def test_each_has_a_yardstick(name: str) -> None:
    assert "Yardstick(" in (CHECKOUT / "benchmarks" / f"{name}.py").read_text("utf-8")


def test_a_line_holds_its_bound_and_its_ratio(capsys: pytest.CaptureFixture[str]) -> None:
    by_hand = Yardstick("by hand", 10.0, 3)
    good, slow, free = (ReportLine("it", value, "ms", 100, yardstick=by_hand) for value in (30.0, 31.0, 0.0))
    assert (good.ok, slow.ok, free.ok) == (True, False, True)
    assert not ReportLine("it", 101.0, "ms", 100, yardstick=Yardstick("by hand", 1_000.0)).ok
    show([good, slow])
    told = capsys.readouterr().out
    assert "3.00 × ≤ 3" in told and "by hand: 10.0 ms" in told and "NO" in told
