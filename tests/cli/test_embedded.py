"""Without a configured server: the embedded one of the checkout, driven by its own command line."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.cli.conftest import Mgx
from tests.cli.standin import TOKEN, Standin
from tests.support.patience import SOON

SERVERLESS = {"MGX_SERVER": None, "MGX_TOKEN": None}
SUPERVISOR = """
import json, os, pathlib, sys
data = pathlib.Path(os.environ["XDG_DATA_HOME"]) / "mgx"
data.mkdir(parents=True, exist_ok=True)
with (data / "calls").open("a") as calls:
    print(*sys.argv[1:], file=calls)
if sys.argv[1] == "up":
    print("postgresql is ready", file=sys.stderr)
    if os.environ.get("BREAK"):
        sys.exit("no room on the disk")
    state = {"pid": os.getppid(), "base_url": os.environ["STANDIN"], "token": os.environ["STANDIN_TOKEN"]}
    state["pid"] = int(os.environ["STANDIN_PID"])
    (data / "state.json").write_text(json.dumps(state))
elif sys.argv[1] == "down":
    (data / "state.json").unlink(missing_ok=True)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A tree that looks like a checkout; its supervisor hands out the stand-in."""
    root = tmp_path / "checkout"
    (root / "mgx_project" / "embedded").mkdir(parents=True)
    (root / "manage.py").write_text("")
    (root / "mgx_project" / "embedded" / "__init__.py").write_text("")
    (root / "mgx_project" / "embedded" / "__main__.py").write_text(SUPERVISOR)
    return root


@pytest.fixture
def local(checkout: Path, server: Standin) -> dict[str, str | None]:
    import os

    given = {"STANDIN": server.url, "STANDIN_TOKEN": TOKEN, "STANDIN_PID": str(os.getpid()), "MGX_HOME": str(checkout)}
    return {**SERVERLESS, **given}


def calls(home: Path) -> list[str]:
    return (home / "data" / "mgx" / "calls").read_text().splitlines()


def test_a_task_starts_the_server_once_and_allows_the_directory(
    mgx: Mgx, local: dict[str, str | None], home: Path, repo: Path
) -> None:
    first = mgx("task", "x", "--yes", **local)
    assert first.returncode == 0, first.stderr
    assert "postgresql is ready" in first.stderr
    assert "Starting" in first.stderr
    assert mgx("list", **local).returncode == 0
    assert calls(home) == ["up --json", f"allow {repo}"]


def test_a_stale_state_starts_it_again(mgx: Mgx, local: dict[str, str | None], home: Path) -> None:
    data = home / "data" / "mgx"
    data.mkdir(parents=True)
    for state in (
        '{"pid": 999999999, "base_url": "http://127.0.0.1:9", "token": "t"}',
        '{"status": "starting", "base_url": ""}',
        "{",
        "[]",
    ):
        (data / "state.json").write_text(state)
        assert mgx("list", **local).returncode == 0
    assert calls(home) == ["up --json"] * 4


def test_up_and_down(mgx: Mgx, local: dict[str, str | None], server: Standin) -> None:
    up = mgx("up", "--json", **local)
    assert json.loads(up.stdout)["base_url"] == server.url
    assert TOKEN not in up.stdout
    assert mgx("up", **local).stdout.strip() == server.url
    assert json.loads(mgx("down", "--json", **local).stdout) == {"stopped": True}
    assert json.loads(mgx("down", "--json", **local).stdout) == {"stopped": False}


def test_a_server_that_does_not_start_is_exit_6(mgx: Mgx, local: dict[str, str | None]) -> None:
    done = mgx("list", **local, BREAK="1")
    assert done.returncode == 6
    assert "no room on the disk" in done.stderr


def test_a_wrong_mgx_home_says_so(mgx: Mgx, tmp_path: Path) -> None:
    done = mgx("task", "x", **SERVERLESS, MGX_HOME=str(tmp_path))
    assert done.returncode == 6
    assert str(tmp_path) in done.stderr


def test_the_package_alone_names_both_ways_to_a_server(bare_env: dict[str, str], tmp_path: Path, repo: Path) -> None:
    import mgx_cli

    alone = tmp_path / "alone"
    venv.create(alone, with_pip=False)
    (site,) = alone.glob("lib/python*/site-packages")
    subprocess.run(["cp", "-r", str(Path(mgx_cli.__file__).parent), str(site / "mgx_cli")], check=True)
    parent = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "dependencies.pth").write_text(parent + "\n")
    program = "import sys; from mgx_cli.main import run; sys.exit(run())"
    done = subprocess.run(
        [str(alone / "bin" / "python"), "-c", program, "task", "x"],
        cwd=repo,
        env=bare_env,
        capture_output=True,
        text=True,
        timeout=SOON,
    )
    assert done.returncode == 6
    assert "mgx login --server" in done.stderr
    assert "mgx-agent" in done.stderr
