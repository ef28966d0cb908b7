"""``mgx status --timing``: where a run's time went, aligned in every width."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mgx_cli.render import plain
from mgx_cli.timing import timing_lines

from tests.cli.conftest import Mgx
from tests.cli.standin import TIMING, Standin


@pytest.fixture
def run_id(mgx: Mgx) -> str:
    return mgx("task", "health", "--yes", "--no-follow").stdout.strip()


def test_the_table_is_aligned(mgx: Mgx, run_id: str) -> None:
    shown = mgx("status", run_id, "--timing")
    assert shown.stdout.splitlines() == [
        "                      WALL    MODEL  SANDBOX      OWN",
        "whole run            195 s   31.0 s    4.2 s   350 ms",
        "plan                12.1 s   12.0 s        -   100 ms",
        "  spec                   -        -        -        -",
        "  1/analyze         12.0 s   12.0 s        -        -",
        "execute             23.5 s   19.0 s    4.2 s   250 ms",
        "  write/0 ×2        19.0 s   19.0 s        -        -",
        "  test/baseline/1    4.2 s        -    4.2 s        -",
        "waiting              160 s  for a worker or a person",
    ]
    assert json.loads(mgx("status", run_id, "--timing", "--json").stdout) == TIMING


@pytest.mark.parametrize("width", [48, 60, 100])
def test_it_fits_the_width(width: int) -> None:
    long = {**TIMING["steps"][1], "key": "execute/" + "x" * 80}  # type: ignore[index]
    lines = [plain(line) for line in timing_lines({**TIMING, "steps": [long]}, width)]
    assert max(map(len, lines[:-1])) <= width
    assert len({len(line) for line in lines[:-1]}) == 1
    assert any("…" in line for line in lines)


def test_flame_graphs_are_named_and_saved_under_their_own_names_only(mgx: Mgx, server: Standin, tmp_path: Path) -> None:
    run_id = mgx("task", "health", "--yes", "--profile", "--no-follow").stdout.strip()
    assert server.bodies("/api/runs")[-1]["profile"] is True
    shown = mgx("status", run_id, "--timing")
    assert "speedscope.json" in shown.stdout
    assert "--profiles DIR" in shown.stderr
    folder = tmp_path / "graphs" / "of" / "mine"
    assert mgx("status", run_id, "--profiles", str(folder)).returncode == 0
    assert [file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.speedscope.json")] == [
        "graphs/of/mine/profile-planning-1.speedscope.json"
    ]


def test_without_flame_graphs_it_says_how_to_get_some(mgx: Mgx, run_id: str, tmp_path: Path) -> None:
    assert "--profile" in mgx("status", run_id, "--profiles", str(tmp_path)).stderr
