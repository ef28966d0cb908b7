"""Does to a whole server what happens to servers: kills, freezes, full disks, other clocks, cut networks."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from ..support.github import GitHub
from ..support.patience import SOON, wait_for
from ..support.signals import send
from ..support.skewed import skewed
from ..support.whole_server import CHECKOUT, Server

SKEW_SECONDS = 60
FULL = 1 << 16
"""Bytes of the disk that is full: one artifact of a run may still fit, two do not."""


class NotHere(Exception):
    """This machine can't have such a fault; the reason is for people."""


@contextmanager
def possible(fault: str, server: Server) -> Iterator[None]:
    """Sees to what the fault needs before the run begins. Raises NotHere."""
    if fault == "kill relay" and "relay" not in server.state["children"]:
        raise NotHere("this server has no relay: set KAFKA_BOOTSTRAP_SERVERS")
    if fault != "disk full":
        yield
        return
    place = server.data / "artifacts"
    place.mkdir(exist_ok=True)
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={FULL}", "drill", str(place)], capture_output=True, text=True)
    if made.returncode != 0:
        raise NotHere(f"a small disk can't be mounted: {made.stderr.strip()}")
    try:
        _fill(place, full=False)
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _fill(place: Path, *, full: bool) -> None:
    """A disk of `FULL` bytes is as good as one that is full; one that is not is large."""
    size = FULL if full else 1 << 30
    subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True)


def strike(fault: str, server: Server, github: GitHub) -> None:
    """Begins the fault. Returns at once: `end` makes it good."""
    kind, _, victim = fault.partition(" ")
    if kind in {"kill", "freeze"}:
        sent = signal.SIGKILL if kind == "kill" else signal.SIGSTOP
        for pid in _processes(victim, server, whole=kind == "freeze"):
            send(pid, sent)
    elif fault == "disk full":
        _fill(server.data / "artifacts", full=True)
    elif fault == "clock skew":
        send(_pid(server, "worker"), signal.SIGKILL)
    elif fault == "cut model":
        server.model.cut = True
    elif fault == "cut github":
        github.state.cut = True


def end(fault: str, lasts: float, server: Server, github: GitHub) -> None:
    """Waits ``lasts`` seconds where the fault lasts, ends it, and returns when the server is whole again."""
    kind, _, victim = fault.partition(" ")
    if kind != "kill" and fault != "clock skew":
        time.sleep(lasts)
    if kind == "freeze":
        for pid in _processes(victim, server, whole=True):
            send(pid, signal.SIGCONT)
    elif fault == "disk full":
        _fill(server.data / "artifacts", full=False)
    server.model.cut = github.state.cut = False
    if victim == "supervisor":
        wait_for(lambda: not psutil.pid_exists(server.state["pid"]) or server.embedded("up").returncode == 0)
        assert server.embedded("up").returncode == 0
    wait_for(lambda: _alive(server) and server.ready())


@contextmanager
def other_clock(fault: str, server: Server, log: Path) -> Iterator[None]:
    """For `clock skew`: a second worker whose clock is ahead, which takes over what the first one leaves."""
    if fault != "clock skew":
        yield
        return
    state = server.state
    env = {**_environment(_pid(server, "worker")), **skewed(SKEW_SECONDS, log.parent)}
    env |= {"DATABASE_URL": state["database_url"], "REDIS_URL": state["redis_url"]}
    with log.open("ab") as output:
        argv = [sys.executable, "manage.py", "work"]
        process = subprocess.Popen(argv, cwd=CHECKOUT, env=env, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        process.wait(SOON)


def _environment(pid: int) -> dict[str, str]:
    return psutil.Process(pid).environ()


def _pid(server: Server, child: str) -> int:
    pid: int = server.state["children"][child]["pid"]
    return pid


def _processes(victim: str, server: Server, *, whole: bool) -> list[int]:
    """The pids that a fault of ``victim`` hits; ``whole``: all below it too."""
    if victim == "supervisor":
        return [server.state["pid"]]
    if victim == "both":
        return [_pid(server, name) for name in ("worker", "web")]
    if victim == "backend":
        found = [child for child in psutil.Process(_pid(server, "postgres")).children(recursive=True) if _serves(child)]
        return [found[0].pid] if found else []
    pid = _pid(server, victim)
    below = psutil.Process(pid).children(recursive=True) if whole and pid else []
    return [pid, *(child.pid for child in below)] if pid else []


def _serves(process: psutil.Process) -> bool:
    """Whether it is PostgreSQL's process for a connection of ours."""
    with suppress(psutil.Error):
        return "127.0.0.1(" in " ".join(process.cmdline()) or "[local]" in " ".join(process.cmdline())
    return False


def _alive(server: Server) -> bool:
    return all(child["pid"] and psutil.pid_exists(child["pid"]) for child in server.state["children"].values())
