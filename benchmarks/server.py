"""An embedded server in a directory of its own, started for one benchmark and gone after it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from mgx_project.embedded import control
from mgx_project.embedded.datadir import DataDirectory

CHECKOUT = Path(__file__).resolve().parent.parent
FOREIGN = ("DATABASE_URL", "DB_", "REDIS_", "MGX_", "OPENAI_", "S3_", "DJANGO_SETTINGS_MODULE")
ENDS = {"completed", "failed", "cancelled", "paused"}


class Server:
    def __init__(self, data: Path, env: dict[str, str]) -> None:
        self.data, self.env = data, env
        self.state: dict[str, Any] = json.loads((data / "state.json").read_text())
        self.url: str = self.state["base_url"]
        self.headers = {"Authorization": f"Bearer {self.state['token']}"}
        self.http = httpx.Client(base_url=self.url, headers=self.headers, timeout=60)

    def pid(self, name: str) -> int:
        """The present process of ``web`` or ``worker``."""
        pid: int = json.loads((self.data / "state.json").read_text())["children"][name]["pid"]
        return pid

    def socket_url(self, path: str) -> str:
        return self.url.replace("http", "ws", 1) + path

    def get(self, path: str) -> Any:
        return self.http.get(path).raise_for_status().json()

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.post(path, json=body).raise_for_status().json()
        return answer

    def start_run(self, **options: Any) -> str:
        """A run of the FastAPI starter by the offline model; returns its id."""
        task = self.post("/api/tasks", {"description": "A FastAPI service that says hello", "stack": "fastapi"})
        run_id: str = self.post("/api/runs", {"task_id": task["id"], **options})["id"]
        return run_id

    def finish(self, run_id: str, *, seconds: float = 120) -> list[dict[str, Any]]:
        """The events of the run once it has completed. Raises RuntimeError when it ended otherwise."""
        deadline = time.monotonic() + seconds
        while (run := self.get(f"/api/runs/{run_id}"))["status"] not in ENDS and time.monotonic() < deadline:
            time.sleep(0.05)
        if run["status"] != "completed":
            raise RuntimeError(f"the run is {run['status']}: {run['error']}")
        return [json.loads(line) for line in self.http.get(f"/api/runs/{run_id}/events").text.splitlines()]

    def script(self, module: str, *arguments: object) -> subprocess.Popen[str]:
        """Starts ``python -m module`` with the environment that web and worker have; its stdout is a pipe."""
        env = {**control.environment(DataDirectory(self.data)), "PYTHONPATH": str(CHECKOUT)}
        argv = [sys.executable, "-m", module, *map(str, arguments)]
        return subprocess.Popen(argv, cwd=CHECKOUT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def script_json(self, module: str, *arguments: object) -> Any:
        """What the script printed, as JSON. Raises RuntimeError when it failed (its stderr is ours)."""
        process = self.script(module, *arguments)
        output, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{module} ended with exit code {process.returncode}")
        return json.loads(output)


@contextmanager
def server(**settings: str) -> Iterator[Server]:
    """Up, and down again whatever happened. ``settings`` are environment variables of the server."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)} | settings
    with tempfile.TemporaryDirectory(prefix="mgx-bench-") as directory:

        def embedded(command: str) -> None:
            argv = [sys.executable, "-m", "mgx_project.embedded", command, "--data", directory]
            subprocess.run(argv, cwd=CHECKOUT, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

        try:
            embedded("up")
            running = Server(Path(directory), env)
            with running.http:
                yield running
        finally:
            embedded("down")


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not get there in time")
        time.sleep(0.005)
