"""What a person, the CLI or a test asks of an installation: bring it up, take it down, say what runs."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mgx_project.embedded import health
from mgx_project.embedded.credentials import Credentials
from mgx_project.embedded.datadir import DataDirectory
from mgx_project.embedded.environment import child_environment, fingerprints
from mgx_project.embedded.errors import EmbeddedError
from mgx_project.embedded.files import open_log
from mgx_project.embedded.plan import HOME
from mgx_project.embedded.postgres import STOP as STOP_POSTGRES
from mgx_project.embedded.processes import TERMINATE
from mgx_project.embedded.state import State, load
from mgx_project.embedded.supervisor import HELD_BY_ANOTHER

UP_SECONDS = 180.0
DOWN_SECONDS = 90.0


def up(data: DataDirectory, supervise: Sequence[str], *, cwd: Path, tell: Callable[[str], None]) -> State:
    """Return the state of a server that is ready, starting it with the command ``supervise`` when none runs.

    ``tell`` gets one line per stage. Raises EmbeddedError with the log that explains when the start fails.
    """
    data.make()
    deadline = time.monotonic() + UP_SECONDS
    started: subprocess.Popen[bytes] | None = None
    told, answer = "", ""
    while time.monotonic() < deadline:
        state = load(data.state)
        if state is not None and state.alive():
            if state.status != "ready" and state.stage != told:
                told = state.stage
                tell(told)
            if state.status == "ready":
                status, answer = health.get(state.port, seconds=deadline - time.monotonic())
                if status == 200:
                    if started is None:
                        _compare(state, tell)
                    return state
        elif started is None:
            started = _start(data, supervise, cwd)
        elif (code := started.poll()) is not None:
            if code != HELD_BY_ANOTHER:
                raise _failure(data, state, started.pid)
            # Another `up` was quicker, or the last supervisor is still stopping.
            started = None
        time.sleep(0.05)
    raise EmbeddedError(
        f"The server in {data.path} is not ready after {UP_SECONDS:.0f} seconds. {answer[:500]}".strip(),
        log=data.log("supervisor"),
    )


def _compare(state: State, tell: Callable[[str], None]) -> None:
    """A server that already ran keeps the settings it was started with; the caller may expect its own."""
    mine = fingerprints(os.environ, state.token)
    changed = sorted(name for name, digest in mine.items() if state.settings.get(name) != digest)
    if changed:
        tell(f"the running server was started with other settings ({', '.join(changed)}): restart it to apply them")
    if state.home != str(HOME):
        tell(f"the running server is that of the checkout {state.home}")


def _start(data: DataDirectory, supervise: Sequence[str], cwd: Path) -> subprocess.Popen[bytes]:
    log = open_log(data.log("supervisor"))
    try:
        return subprocess.Popen(
            list(supervise), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd, env=os.environ, start_new_session=True
        )
    finally:
        os.close(log)


def _failure(data: DataDirectory, state: State | None, pid: int) -> EmbeddedError:
    if state is not None and state.pid == pid and state.error is not None:
        error = state.error
        return EmbeddedError(error.detail, hint=error.hint, log=Path(error.log) if error.log else None)
    return EmbeddedError("The supervisor ended while it started.", log=data.log("supervisor"))


def down(data: DataDirectory) -> bool:
    """Stop the supervisor and all it started; True when something ran. Raises EmbeddedError when something does not stop."""
    state = load(data.state)
    if state is None:
        return False
    ran = False
    if state.alive():
        ran = True
        state.supervisor.signal(signal.SIGTERM)
        if not state.supervisor.wait(DOWN_SECONDS):
            state.supervisor.signal(signal.SIGKILL)
        state = load(data.state) or state
    for name, process in reversed(state.leftovers().items()):
        ran = True
        if not process.stop(STOP_POSTGRES if name == "postgres" else TERMINATE):
            raise EmbeddedError(f"{name} (pid {process.pid}) did not stop.", log=data.log(name))
    return ran


def status(data: DataDirectory) -> dict[str, Any]:
    """What runs, without secrets: the state's fields, with ``running``, ``ready`` and ``health`` asked now."""
    state = load(data.state)
    if state is None:
        return {"data": str(data.path), "running": False, "ready": False, "health": "", "children": {}}
    running = state.alive()
    answer, body = health.get(state.port) if running and state.port else (0, "")
    leftovers = state.leftovers()
    report = state.to_json(secrets=False) | {
        "data": str(data.path),
        "running": running,
        "ready": answer == 200,
        "health": body,
    }
    for name, child in report["children"].items():
        if name not in leftovers:
            child.update(pid=0, started=0, state=child["state"] if running and child["state"] != "running" else "stopped")
    if not running and report["status"] in ("starting", "ready", "stopping"):
        report["status"] = "killed"
    return report


def environment(data: DataDirectory) -> dict[str, str]:
    """The environment that web and worker of the running server have. Raises EmbeddedError when none runs."""
    state = load(data.state)
    if state is None or not state.alive():
        raise EmbeddedError("No embedded server runs on this data directory.", hint="Start it with: mgx up")
    secrets = Credentials.load(data.secrets)
    return child_environment(
        os.environ, data, secrets, port=state.port, database_url=state.database_url, redis_url=state.redis_url
    )


def allow(data: DataDirectory, root: Path) -> Path:
    """Let runs of this installation use ``root`` (resolved) and what is below it.

    Raises EmbeddedError if it is not a directory or its name contains a line break.
    """
    resolved = root.expanduser().resolve()
    if not resolved.is_dir():
        raise EmbeddedError(f"{resolved} is not a directory.", hint="Give an existing directory.")
    if "\n" in str(resolved):
        raise EmbeddedError(f"The name of {str(resolved)!r} contains a line break.", hint="Rename the directory.")
    data.make()
    data.allow(resolved)
    return resolved
