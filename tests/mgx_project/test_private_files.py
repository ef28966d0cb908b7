"""Whatever was there before, nobody else on the machine reads the data directory of a process that has started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.files.storage import storages as configured

from mgx_project.common.private_files import LOOKED_THROUGH, close_data_directory
from mgx_project.embedded.ports import free_port
from tests.support.patience import SOON

CHECKOUT = Path(__file__).resolve().parents[2]
PASSED_THROUGH = 0o711 if os.geteuid() == 0 else 0o700
"""Of the directory itself: PostgreSQL may be behind it under another account."""


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """What an earlier version left, or a copy brought."""
    deep = tmp_path / "data" / "runs" / "one" / "src"
    deep.mkdir(parents=True)
    (deep / "secret.py").write_text("KEY = 1\n")
    (deep / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "outside").write_text("not ours to change")
    (deep / "link").symlink_to(tmp_path / "outside")
    for path in (tmp_path / "data", *(tmp_path / "data").rglob("*")):
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() or path.suffix == ".sh" else 0o666)
    (tmp_path / "outside").chmod(0o644)
    return tmp_path / "data"


def open_ones(data: Path) -> list[str]:
    found = [data] if data.stat().st_mode & 0o777 & ~PASSED_THROUGH else []
    found += [path for path in data.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o077]
    return sorted(str(path.relative_to(data.parent)) for path in found)


def umask_of(pid: int) -> str:
    """Of the process that does the work: a worker is the child of one that watches it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    status = Path(f"/proc/{[pid, *children][-1]}/status").read_text()
    return next(line.split()[1] for line in status.splitlines() if line.startswith("Umask"))


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "mgx_project.serve", "--port"),
        ("manage.py", "runserver", "--noreload"),
        ("manage.py", "work", "--threads", "1"),
    ],
    ids=["web", "runserver", "worker"],
)
@pytest.mark.django_db(transaction=True)
def test_a_process_that_keeps_files_there_closes_it_first(command: tuple[str, ...], data: Path) -> None:
    assert len(open_ones(data)) == 6
    wanted = [str(free_port())] if command[1] != "work" else []
    env = {**os.environ, "MGX_DATA_DIR": str(data)}
    argv = [sys.executable, *command, *wanted]
    with subprocess.Popen(argv, cwd=CHECKOUT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + SOON
            while not (data / LOOKED_THROUGH).exists():
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
            assert open_ones(data) == []
            assert umask_of(process.pid) == "0077"
        finally:
            process.terminate()
            process.wait(SOON)
    assert (data / "runs/one/src/run.sh").stat().st_mode & 0o777 == 0o700
    assert (data.parent / "outside").stat().st_mode & 0o777 == 0o644


def test_the_whole_tree_is_looked_through_once_and_its_entries_at_each_start(data: Path) -> None:
    close_data_directory(data)
    assert open_ones(data) == []
    (data / "runs/one/src/secret.py").chmod(0o666)
    for path in (data, data / "runs"):
        path.chmod(0o777)
    (data / "token").touch(0o666)
    (data / "token").chmod(0o666)
    close_data_directory(data)
    assert open_ones(data) == ["data/runs/one/src/secret.py"]  # nobody else gets there: `runs` is closed


def test_one_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    close_data_directory(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "new").mkdir()
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_an_artifact_is_private_whatever_the_umask_of_the_command_that_stores_it(tmp_path: Path) -> None:
    options = configured.backends["default"]["OPTIONS"]
    storage = FileSystemStorage(**{**options, "location": tmp_path / "data" / "artifacts"})
    storage.save("a/b/change.diff", ContentFile(b"secret"))
    assert [path for path in (tmp_path / "data" / "artifacts").rglob("*") if path.stat().st_mode & 0o077] == []
