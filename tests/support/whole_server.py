"""A whole server of this checkout: supervisor, PostgreSQL, Valkey, web and worker, in a directory of its own.

The fixture ``server`` is the session's (`tests/conftest.py`), so that whoever needs one shares it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from . import otlp
from .patience import SOON, wait_for
from .scripted_openai import ScriptedOpenAI, serve
from .signals import send
from .team_script import TeamScript, script

CHECKOUT = Path(__file__).resolve().parents[2]
NEW = "def total(prices):\n    return sum(price for price in prices if price is not None)\n"
CODE = f"FILE: shop/prices.py\n{NEW}"
FOREIGN = ("DATABASE_URL", "REDIS_URL", "MGX_", "OPENAI_", "S3_", "OTEL_", "TRACEPARENT", "DJANGO_SETTINGS_MODULE")


@dataclass
class Server:
    data: Path
    env: dict[str, str]
    model: ScriptedOpenAI
    collector: otlp.Collector

    def embedded(self, *args: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "mgx_project.embedded", *args, "--data", str(self.data)]
        return subprocess.run(argv, cwd=CHECKOUT, env=self.env, capture_output=True, text=True, timeout=SOON)

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "state.json").read_text())
        return found

    def request(self, method: str, path: str, *, bearer: str = "", **options: Any) -> httpx.Response:
        state = self.state
        headers = {"Authorization": f"Bearer {bearer or state['token']}"}
        return httpx.request(method, state["base_url"] + path, headers=headers, timeout=60, **options)

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def socket(self, path: str, **options: Any) -> ClientConnection:
        state = self.state
        headers = {"Authorization": f"Bearer {state['token']}"}
        return connect(
            state["base_url"].replace("http", "ws", 1) + path, additional_headers=headers, open_timeout=SOON, **options
        )

    def kill(self, child: str) -> None:
        """kill -9 of one child, and the wait until the supervisor has a new one that works."""
        pid = wait_for(lambda: self.state["children"][child]["pid"])  # none for a moment, where one was started anew
        send(pid, signal.SIGKILL)
        wait_for(lambda: self.state["children"][child]["pid"] not in (None, pid) and self.ready())

    def ready(self) -> bool:
        try:
            return self.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def answer(self, team: TeamScript | Callable[..., Any]) -> None:
        """From now on the model answers by this script."""
        self.model.requests.clear()
        self.model.script = team

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.request("POST", path, json=body)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def edit_run(self, repo: Path, **options: Any) -> dict[str, Any]:
        """A run that edits shop/prices.py of ``repo``."""
        self.embedded("allow", str(repo))
        link = self.post("/api/repositories/connect", {"url": f"file://{repo}", "provider": "git"})
        task = {
            "name": "Ignore None",
            "description": "Let total() ignore prices that are None",
            "repository_id": link["id"],
            "output_mode": "patch_existing",
        }
        task_id = self.post("/api/tasks", task)["id"]
        return self.post("/api/runs", {"task_id": task_id, "auto_approve": True, **options})

    def events(self, run_id: str) -> list[dict[str, Any]]:
        lines = self.get(f"/api/runs/{run_id}/events").text.splitlines()
        return [json.loads(line) for line in lines]

    def finished(self, run_id: str, *, within: float = 240) -> dict[str, Any]:
        """The run once it is final or waits for someone."""
        found: dict[str, Any] = {}

        def done() -> bool:
            found.update(self.get(f"/api/runs/{run_id}").json())
            return bool(found["state"]["final"] or found["state"]["waits_for_person"])

        wait_for(done, within)
        return found


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("server")
    with serve(script(code=CODE, files=["shop/prices.py"])) as model, otlp.collector() as collector:
        env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        env |= {
            "MGX_DATA_DIR": str(data),
            "MGX_LEASE_SECONDS": "3",
            "MGX_WORKER_SILENCE_SECONDS": "20",
            "MGX_MODEL": "openai/scripted",
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": "k-canary-secret",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "500",
        }
        running = Server(data, env, model, collector)
        up = running.embedded("up")
        assert up.returncode == 0, up.stderr
        try:
            yield running
        finally:
            running.embedded("down")


def git(*args: str, cwd: Path) -> str:
    return subprocess.run(["git", *args], cwd=cwd, capture_output=True, text=True, check=True).stdout.strip()
