"""What the sandbox promises holds for a server that is an ordinary user too: it has one id only and sees less of processes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.sandbox.ordinary import ORDINARY, closed

HERE = Path(__file__).parent
PROMISES = {
    "test_limits.py": "(shared and (closed or process or temporary)) or number_of_files or (processor and wait)",
    "test_attacks.py": "over_all_processes or no_file_of_the_host or can_be_changed or kernel_s_inner_state",
    "test_process.py": "cancelled",
    "test_sealed.py": "sealed_copy or spoil or all_seals",
    "test_writable.py": "nothing_but",
}
"""Tests by file; `-k` of each."""


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="mgx-ordinary-"))
    os.chown(place, ORDINARY, ORDINARY)
    yield place
    shutil.rmtree(place)


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests here are run by an ordinary user already")
def test_the_promises_hold_for_an_ordinary_user(open_to_all: Path) -> None:
    if closed() and not id_mapped_mounts():
        pytest.skip(f"no other user may enter {closed()}")
    wanted = [str(HERE / name) for name in PROMISES]
    words = " or ".join(f"({name.removesuffix('.py')} and ({test}))" for name, test in PROMISES.items())
    python = [sys.executable, "-m", "tests.agent.sandbox.ordinary", sys.executable, "-m", "pytest", "-q", "-n", "0", "-rs"]
    plain = ["-c", os.devnull, "--rootdir", ".", "--confcutdir", str(HERE), "-p", "no:django", "-p", "no:cacheprovider"]
    loop = ["--asyncio-mode", "auto", "-o", "asyncio_default_fixture_loop_scope=function"]
    done = subprocess.run(
        [*python, *plain, *loop, "--basetemp", str(open_to_all / "tmp"), "-k", words, *wanted],
        cwd=HERE.parents[2],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": ".", "CI": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    passed = re.search(r"^(\d+) passed, \d+ deselected in ", done.stdout, re.MULTILINE)
    assert passed is not None, done.stdout
    assert int(passed[1]) == 15


def id_mapped_mounts() -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "tests.agent.sandbox.ordinary", "/usr/bin/true"], cwd=HERE.parents[2], check=False
    )
    return done.returncode == 0
