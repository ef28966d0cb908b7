"""Real repositories: on disk under an allowed root, and behind a real HTTP server that wants a password."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.support.git_server import GitServer, serve

Git = Callable[..., str]


@pytest.fixture
def root(tmp_path: Path, settings: Settings) -> Path:
    """The only directory that local repositories may be in."""
    root = tmp_path / "allowed"
    root.mkdir()
    settings.MGX_LOCAL_ROOTS = [str(root)]
    settings.MGX_LOCAL_ROOTS_FILE = ""
    return root


@pytest.fixture
def sh(tmp_path: Path) -> Git:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n name = Ada\n email = ada@example.com\n[safe]\n directory = *\n")

    def run(*args: str, cwd: Path) -> str:
        env = {"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(home), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(["git", *args], cwd=cwd, env=env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    return run


@pytest.fixture
def origin(root: Path, sh: Git) -> Path:
    """A user's checkout with one commit that has every kind of file."""
    path = root / "origin"
    path.mkdir()
    sh("init", "-q", "-b", "main", cwd=path)
    (path / "a.txt").write_text("one\ntwo\nthree\n")
    (path / "crlf.txt").write_bytes(b"one\r\ntwo\r\n")
    (path / "latin.txt").write_bytes("caf\xe9\n".encode("latin-1"))
    (path / "bild.bin").write_bytes(bytes(range(256)) * 8)
    (path / "tool.sh").write_text("#!/bin/sh\n")
    (path / "tool.sh").chmod(0o755)
    (path / "ordner").mkdir()
    (path / "ordner" / "grüße 世界.txt").write_text("hello\n")
    (path / "link").symlink_to("a.txt")
    sh("add", "-A", cwd=path)
    sh("commit", "-q", "-m", "first", cwd=path)
    return path


@pytest.fixture
def server(tmp_path: Path, origin: Path, sh: Git) -> Iterator[GitServer]:
    """The same repository as `/code.git`, and `/empty.git`."""
    served = tmp_path / "served"
    served.mkdir()
    sh("clone", "-q", "--bare", str(origin), str(served / "code.git"), cwd=tmp_path)
    sh("init", "-q", "--bare", "-b", "main", str(served / "empty.git"), cwd=tmp_path)
    with serve(served) as running:
        yield running
