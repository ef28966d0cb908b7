from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from mgx_project.embedded.processes import Process
from mgx_project.embedded.services import Services
from mgx_project.embedded.state import load
from tests.mgx_project.embedded.installation import Installation, eventually
from tests.support.patience import SOON
from tests.support.signals import send


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    it = Installation(tmp_path / "data")
    yield it
    it.down()
    assert it.processes() == []


def kill(pid: int) -> None:
    """It may have died with its supervisor."""
    send(pid, signal.SIGKILL)


def is_replaced(installation: Installation, name: str, pid: int) -> bool:
    return installation.state().children[name].pid not in (0, pid)


def has_reached(installation: Installation, stage: str) -> bool:
    state = load(installation.data / "state.json")
    return state is not None and state.stage == stage


def words(database_url: str) -> list[tuple[str]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT word FROM kept").fetchall()


def test_up_reuses_what_runs_and_down_leaves_nothing(installation: Installation) -> None:
    first = installation.up()
    assert set(first["children"]) == {"postgres", "valkey", "web", "worker"}
    assert (installation.data / "state.json").stat().st_mode & 0o777 == 0o600
    with psycopg.connect(first["database_url"]) as connection:
        connection.execute("INSERT INTO kept VALUES ('still here')")
    assert installation.up() == first
    assert installation.is_healthy()
    changed = Installation(installation.data, MGX_MODEL="openai/other").run("up")
    assert "started with other settings (MGX_MODEL)" in changed.stderr

    installation.down()
    assert installation.processes() == []
    assert installation.run("status").returncode == 3

    again = installation.up()
    assert again["pid"] != first["pid"]
    kept = ("database_url", "redis_url", "base_url", "token")
    assert [again[name] for name in kept] == [first[name] for name in kept]
    assert words(again["database_url"]) == [("still here",)]


def test_whatever_was_there_others_read_nothing_of_the_data_directory(installation: Installation, tmp_path: Path) -> None:
    """Files of an earlier version or of a copy, and what the servers write from then on. Links out of it are left alone."""
    outside = tmp_path / "outside"
    outside.write_text("not ours to change")
    outside.chmod(0o644)
    old = installation.data / "runs" / "one" / "src"
    old.mkdir(parents=True)
    (old / "secret.py").write_text("KEY = 1\n")
    (old / "run.sh").write_text("#!/bin/sh\n")
    (old / "link").symlink_to(outside)
    for path in (installation.data, *installation.data.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() or path.suffix == ".sh" else 0o666)

    installation.up()
    passed_through = 0o711 if os.geteuid() == 0 else 0o700
    open_ones = {
        str(path.relative_to(installation.data)): oct(path.stat().st_mode & 0o777)
        for path in installation.data.rglob("*")
        if not path.is_symlink() and path.stat().st_mode & 0o077
    }
    loose = {name: mode for name, mode in open_ones.items() if not (mode == oct(passed_through) and name == "postgres")}
    assert loose == {}
    assert installation.data.stat().st_mode & 0o777 & ~passed_through == 0
    assert (old / "run.sh").stat().st_mode & 0o777 == 0o700
    assert outside.stat().st_mode & 0o777 == 0o644


def test_a_killed_supervisor_leaks_nothing_and_the_next_up_works(installation: Installation) -> None:
    first = installation.up()
    kill(first["pid"])
    assert installation.run("status").returncode == 3
    second = installation.up()
    assert second["base_url"] == first["base_url"]
    assert not any(Process(child["pid"], child["started"]).alive() for child in first["children"].values())
    assert installation.is_healthy()


def test_all_killed_at_once_is_a_clean_start_too(installation: Installation) -> None:
    first = installation.up()
    with psycopg.connect(first["database_url"]) as connection:
        connection.execute("INSERT INTO kept VALUES ('committed')")
    for pid in (first["pid"], *(child["pid"] for child in first["children"].values())):
        kill(pid)
    second = installation.up()
    assert second["database_url"] == first["database_url"]
    assert words(second["database_url"]) == [("committed",)]


@pytest.mark.parametrize("stage", ["starting PostgreSQL", "preparing the local workspace"])
def test_a_start_that_is_killed_is_begun_anew(installation: Installation, stage: str) -> None:
    start = installation.start("up")
    assert eventually(partial(has_reached, installation, stage))
    kill(installation.state().pid)
    assert start.communicate(timeout=SOON)[1].count("error: The supervisor ended") == 1
    installation.up()


def test_down_stops_what_a_killed_supervisor_left(installation: Installation) -> None:
    first = installation.up()
    os.kill(first["pid"], signal.SIGSTOP)
    kill(first["pid"])
    installation.down()
    assert installation.processes() == []


def test_each_killed_child_is_replaced_at_the_same_address(installation: Installation) -> None:
    first = installation.up()
    for name, child in first["children"].items():
        kill(child["pid"])
        replaced = partial(is_replaced, installation, name, child["pid"])
        assert eventually(replaced), name
    assert eventually(installation.is_healthy)
    second = installation.state()
    assert (second.pid, second.database_url, second.redis_url) == (first["pid"], first["database_url"], first["redis_url"])
    assert all(child.restarts >= 1 and child.last_exit == -signal.SIGKILL for child in second.children.values())


def test_a_crash_loop_slows_down_and_is_reported(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data", STANDIN_CRASHES="1")
    try:
        worker = installation.up()["children"]["worker"]
        (installation.data / "crash").touch()
        kill(worker["pid"])
        assert eventually(lambda: installation.state().children["worker"].restarts >= 3)
        before = installation.state().children["worker"].restarts
        begun = time.monotonic()
        time.sleep(1)
        after = installation.state().children["worker"].restarts
        assert after - before <= 1 + time.monotonic() - begun
        told = installation.run("status")
        assert "restarts, last ended with 3" in told.stdout
        assert told.returncode == 0, "web still serves"
    finally:
        installation.down()
    assert installation.processes() == []


def test_a_failing_migration_ends_up_with_the_log_that_explains(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data", STANDIN_FAILS="1")
    done = installation.run("up")
    assert done.returncode == 1
    assert "migrate failed with exit code 1" in done.stderr
    assert "migration 0007 is broken on purpose" in done.stderr
    assert installation.processes() == []
    assert "migrate failed" in installation.run("status").stdout


def test_two_at_once_share_one_supervisor(installation: Installation) -> None:
    both = [installation.start("up", "--json") for _ in range(2)]
    outputs = [process.communicate(timeout=SOON) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert outputs[0][0] == outputs[1][0]


def test_given_servers_are_used_and_none_is_started(tmp_path: Path) -> None:
    with Services(tmp_path / "given") as given:
        installation = Installation(tmp_path / "data", DATABASE_URL=given.database_url, REDIS_URL=given.redis_url)
        try:
            state = installation.up()
            assert set(state["children"]) == {"web", "worker"}
            assert (state["database_url"], state["redis_url"]) == (given.database_url, given.redis_url)
            assert words(given.database_url) == []
        finally:
            installation.down()
        assert not (installation.data / "postgres").exists()


def test_a_pid_that_belongs_to_somebody_else_by_now_is_left_alone(installation: Installation) -> None:
    installation.up()
    installation.down()
    with subprocess.Popen(["sleep", "60"]) as other:
        state = installation.state()
        state.pid = state.children["web"].pid = state.children["postgres"].pid = other.pid
        state.status = "ready"
        state.save(installation.data / "state.json")
        installation.down()
        installation.up()
        assert other.poll() is None
        other.kill()


def test_a_removed_data_directory_ends_the_supervisor(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data")
    installation.up()
    shutil.rmtree(installation.data)
    assert eventually(lambda: installation.processes() == [], 20), installation.processes()
