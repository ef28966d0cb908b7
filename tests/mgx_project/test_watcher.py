"""A worker that no longer does Python work is killed and started again; one that is told to stop, or ends, is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAM = """
import os, re, signal, sys, time
from mgx_project.common import watcher
watcher.watch()
watcher.beat.patience = 2.0
print(os.getpid(), flush=True)
what = sys.stdin.readline().strip()
if what == "hold":
    re.match(r"(a+)+$", "a" * 60 + "b")  # holds the interpreter's lock for years
if what == "unwell":
    watcher.beat.well = lambda: False
if what == "exit":
    sys.exit(7)
time.sleep(3600)
"""


@contextmanager
def watched() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=CHECKOUT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def say(process: subprocess.Popen[str], what: str) -> None:
    assert process.stdin is not None
    process.stdin.write(what + "\n")
    process.stdin.flush()


@pytest.mark.parametrize("what", ["hold", "unwell", "stop"])
def test_a_worker_that_hangs_is_killed_and_started_again(what: str) -> None:
    with watched() as process:
        first = int(line(process))
        if what == "stop":
            os.kill(first, signal.SIGSTOP)
        else:
            say(process, what)
        second = int(line(process))
        assert second not in (first, process.pid)
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)
        process.kill()
        said = process.communicate()[1]
    assert "no sign of life" in said
    assert "most recent call first" in said, "its stacks are in the log"


def test_a_worker_that_ends_is_not_started_again() -> None:
    with watched() as process:
        line(process)
        say(process, "exit")
        assert process.wait(10) == 7


def test_a_stop_reaches_the_worker() -> None:
    with watched() as process:
        line(process)
        process.terminate()
        assert process.wait(10) == 128 + signal.SIGTERM


def test_a_killed_watcher_takes_its_worker_along() -> None:
    with watched() as process:
        line(process)
        process.kill()
        assert line(process) == "", "the pipe is closed once nobody has it open"
