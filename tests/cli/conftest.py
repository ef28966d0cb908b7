"""The real ``mgx`` in a process and a home of its own, against the stand-in."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from mgx_cli import main

from tests.cli.standin import TOKEN, Running, Standin
from tests.support import forked_mgx
from tests.support.forked_mgx import MGX
from tests.support.patience import SOON

__all__ = ["MGX"]


@pytest.fixture
def server() -> Iterator[Standin]:
    with Running() as state:
        yield state


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def bare_env(home: Path) -> dict[str, str]:
    """An environment that knows no server, token, proxy or user configuration."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "COVERAGE_PROCESS_CONFIG") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
    }


@pytest.fixture
def env(bare_env: dict[str, str], server: Standin) -> dict[str, str]:
    return {**bare_env, "MGX_SERVER": server.url, "MGX_TOKEN": TOKEN}


@pytest.fixture(scope="session")
def first_commit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each test's repository is a copy of."""
    path = tmp_path_factory.mktemp("first-commit") / "repo"
    path.mkdir()
    (path / "README.md").write_text("hello\n")
    by = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    bare = {"PATH": os.environ["PATH"], "HOME": str(path.parent), "GIT_CONFIG_NOSYSTEM": "1"}
    for command in (["init", "-q"], ["add", "."], [*by, "commit", "-qm", "start"]):
        subprocess.run(["git", *command], cwd=path, env=bare, check=True)
    return path


@pytest.fixture
def repo(tmp_path: Path, first_commit: Path) -> Path:
    return shutil.copytree(first_commit, tmp_path / "a repo")


Mgx = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def mgx(env: dict[str, str], repo: Path) -> Mgx:
    """``mgx(*arguments, cwd=…, input=…, **environment)``: runs it without a terminal; an environment value of None unsets."""

    def run(*arguments: str, cwd: Path = repo, input: str = "", **environment: Any) -> subprocess.CompletedProcess[str]:
        merged = {name: value for name, value in {**env, **environment}.items() if value is not None}
        return forked_mgx.run(*arguments, cwd=cwd, env=merged, input=input)

    return run


@pytest.fixture
def mgx_executable(env: dict[str, str], repo: Path) -> Mgx:
    """As a user starts it: interpreter, entry point, imports."""
    return lambda *arguments: forked_mgx.execute([MGX, *arguments], cwd=repo, env=env)


@dataclass
class Terminal:
    """A process on a pseudo-terminal: ``until`` reads, ``type`` writes, ``end`` waits for the exit code."""

    process: subprocess.Popen[bytes]
    fd: int
    seen: str = ""

    def until(self, text: str, timeout: float = SOON) -> str:
        deadline = time.monotonic() + timeout
        while text not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} did not appear in {self.seen!r}"
            self._read(0.1)
        return self.seen

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def end(self, timeout: float = SOON) -> int:
        deadline = time.monotonic() + timeout
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still running: {self.seen!r}"
            self._read(0.1)
        self._read(0.1)
        return self.process.returncode

    def _read(self, wait: float) -> None:
        while select.select([self.fd], [], [], wait)[0]:
            try:
                chunk = os.read(self.fd, 65536)
            except OSError:  # the other end is closed: EIO is how Linux says so
                return
            if not chunk:
                return
            self.seen += chunk.decode("utf-8", "replace")
            wait = 0


@pytest.fixture
def terminal(env: dict[str, str], repo: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str, **environment: str) -> Terminal:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [MGX, *arguments],
            cwd=repo,
            env={**env, "TERM": "xterm", **environment},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)
        opened.append(Terminal(process, ours))
        return opened[-1]

    yield start
    for one in opened:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        os.close(one.fd)


def _take_terminal() -> None:
    """Makes the pseudo-terminal on stdin the controlling one, so that typing Ctrl-C sends SIGINT."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def leaves() -> list[tuple[list[str], Any]]:
    """Every command that is not a group, with its path: ["member", "list"]."""

    def below(command: Any, path: list[str]) -> Iterator[tuple[list[str], Any]]:
        if not hasattr(command, "list_commands"):
            yield path, command
            return
        context = typer.Context(command)
        for name in command.list_commands(context):
            yield from below(command.get_command(context, name), [*path, name])

    return list(below(typer.main.get_command(main.app), []))
