"""One installation under test: its commands, its state, and which processes it still has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mgx_project.embedded.plan import HOME
from mgx_project.embedded.state import State, load
from tests.mgx_project.embedded.standin import MODULE
from tests.support.patience import SOON


class Installation:
    def __init__(self, data: Path, **environ: str) -> None:
        self.data = data
        self.environ = {
            name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "MGX_PORT")
        }
        self.environ.update(environ)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", MODULE, *arguments, "--data", str(self.data)]
        return subprocess.Popen(
            command,
            cwd=HOME,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=SOON)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def up(self) -> dict[str, Any]:
        done = self.run("up", "--json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert not {"token", "database_url", "redis_url"} & set(told), "what `up` prints may end up in a log"
        state: dict[str, Any] = json.loads((self.data / "state.json").read_text())
        return state

    def down(self) -> None:
        done = self.run("down")
        assert done.returncode == 0, done.stderr

    def state(self) -> State:
        state = load(self.data / "state.json")
        assert state is not None
        return state

    def is_healthy(self) -> bool:
        return self.run("status").returncode == 0

    def processes(self) -> list[str]:
        """Command lines of what runs on this data directory, by command line or by environment."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    about = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                except OSError:
                    continue
                if os.fsencode(self.data) in about:
                    found.append(f"{entry.name} {about.split(bytes(1))[0]!r}")
        return found


def eventually(check: Callable[[], object], seconds: float = SOON) -> bool:
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
