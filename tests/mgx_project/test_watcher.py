"""A worker that no longer does Python work is killed and started again; one that is told to stop, or ends, is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mgx_project.common import watcher
from tests.support.patience import SOON

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAM = """
import os, re, signal, subprocess, sys, threading
from mgx_project.common import watcher
watcher.watch()
watcher.beat.ask(float(sys.argv[1]))
print(os.getpid(), flush=True)
what = sys.stdin.readline().strip()
if what == "hold":
    re.match(r"(a+)+$", "a" * 60 + "b")  # holds the interpreter's lock for years
if what == "late":  # works on as soon as it is let
    threading.Thread(target=lambda: [print("alive", watcher.overdue(), flush=True) for _ in iter(int, 1)], daemon=True).start()
if what == "unwell":
    watcher.beat.well = lambda: False
if what == "orphan":
    print(os.popen("sleep 0.1 >/dev/null & echo $!").read().strip(), flush=True)
if what == "exit":
    sys.exit(7)
if what in ("leave", "hang"):
    sleeps = ["sh", "-c", "sleep 3600 & echo $!; wait"]
    child = subprocess.Popen(sleeps, start_new_session=True, stdout=subprocess.PIPE, text=True)
    print(child.pid, child.stdout.readline().strip(), flush=True)
    if what == "leave":
        os._exit(3)
    os.kill(os.getpid(), signal.SIGSTOP)
threading.Event().wait()
"""


PATIENCE = 2.0
"""Seconds. Only where the worker is to hang: on a busy machine one that works may be silent for longer."""


@contextmanager
def watched(patience: float = SOON) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(patience)], cwd=CHECKOUT, text=True,
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
    with watched(PATIENCE) as process:
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
    assert "has not responded" in said
    assert "most recent call first" in said, "its stacks are in the log"


def test_a_process_that_was_silent_for_too_long_knows_that_it_is_to_be_killed() -> None:
    """What wakes up in it must not hand its work on as if nothing had been."""
    with watched(PATIENCE) as process:
        worker = int(line(process))
        os.kill(process.pid, signal.SIGSTOP)  # nobody kills it meanwhile
        try:
            say(process, "late")
            assert line(process) == "alive False\n"
            os.kill(worker, signal.SIGSTOP)
            time.sleep(PATIENCE + 0.1)
            os.kill(worker, signal.SIGCONT)
            while line(process) == "alive False\n":  # what was in the pipe
                pass
        finally:
            os.kill(process.pid, signal.SIGCONT)


@pytest.mark.parametrize("what", ["leave", "hang"])
def test_what_a_worker_started_ends_with_it(what: str) -> None:
    """In sessions of their own, as git and sandboxes are: the next worker must find nobody at work on its directories."""
    with watched(PATIENCE if what == "hang" else SOON) as process:
        line(process)
        say(process, what)
        left = [int(pid) for pid in line(process).split()]
        assert len(left) == 2
        if what == "leave":
            assert process.wait(SOON) == 3
        else:
            line(process)  # the next worker works
        for pid in left:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)


def test_an_orphan_of_a_living_worker_is_reaped() -> None:
    with watched() as process:
        worker = int(line(process))
        say(process, "orphan")
        orphan = int(line(process))
        while Path(f"/proc/{orphan}").exists():  # a zombie until the watcher looks
            assert process.poll() is None
            os.sched_yield()
        os.kill(worker, 0)


@pytest.mark.parametrize("gap", [5.0, 3600.0, 86_400.0])
def test_time_in_which_the_machine_slept_is_no_silence(gap: float) -> None:
    silence = watcher.Silence(now=100.0)
    silence.record_heartbeat(b"3.0\n3.0\n")
    assert not silence.look(100.0 + gap)
    assert silence.seconds == 2 * watcher.BEAT_SECONDS
    now = 100.0 + gap
    looks = [silence.look(now := now + watcher.BEAT_SECONDS) for _ in range(5)]
    assert looks == [False, False, False, False, True], "and then it counts as ever"


def test_a_beat_ends_a_silence() -> None:
    silence = watcher.Silence(now=0.0)
    silence.record_heartbeat(b"3.0\n")
    for second in range(1, 30):
        assert not silence.look(float(second))
        if second % 2 == 0:
            silence.record_heartbeat(b"3.0\n")


def test_a_stop_during_a_second_life_reaches_that_worker() -> None:
    with watched(PATIENCE) as process:
        os.kill(int(line(process)), signal.SIGSTOP)
        line(process)
        process.terminate()
        assert process.wait(SOON) == 128 + signal.SIGTERM


def test_watching_costs_a_few_megabytes() -> None:
    with watched() as process:
        line(process)
        pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        assert pages * os.sysconf("SC_PAGE_SIZE") < 40 * 2**20


def test_a_worker_that_ends_is_not_started_again() -> None:
    with watched() as process:
        line(process)
        say(process, "exit")
        assert process.wait(SOON) == 7


def test_a_stop_reaches_the_worker() -> None:
    with watched() as process:
        line(process)
        process.terminate()
        assert process.wait(SOON) == 128 + signal.SIGTERM


def test_a_killed_watcher_takes_its_worker_along() -> None:
    with watched() as process:
        line(process)
        process.kill()
        assert line(process) == "", "the pipe is closed once nobody has it open"
