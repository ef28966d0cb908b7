"""Two web processes behind nginx and two workers, with PgBouncer in transaction mode between them and PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from websockets.sync.client import connect

from benchmarks.scaled_server import ScaledServer, missing, scaled_server
from mgx_project.common.own_session import shares_sessions
from mgx_project.embedded.children import Child
from mgx_project.embedded.datadir import DataDirectory
from mgx_project.embedded.services import Services

from ..support.patience import SOON, wait_for
from ..support.scripted_openai import Reply, ScriptedOpenAI, serve
from ..support.session_bounds import FROZEN, STATEMENTS, WAITS
from ..support.signals import send
from ..support.team_script import script
from ..template_database import NAME as TEMPLATE
from .conftest import CODE, NEW, git

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"Debian packages are not installed: {' '.join(missing())}")
REFUSED = "connection pooler in transaction mode"


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedOpenAI]:
    with serve(script(code=CODE, files=["shop/prices.py"])) as model:
        yield model


@pytest.fixture(scope="module")
def database(django_db_setup: None) -> Iterator[str]:
    """A database of the session's PostgreSQL, with the role's bounds as migrations set them."""
    url, name = os.environ["DATABASE_URL"], f"pooled_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        for setting, value in bounds().items():
            server.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {name} SET {setting} = '{value}'")
    yield urlsplit(url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def bounds() -> dict[str, str]:
    return {**WAITS.BOUNDS, "statement_timeout": STATEMENTS.LONGEST, FROZEN.NAME: FROZEN.LONGEST}


@pytest.fixture(scope="module")
def scaled(database: str, model: ScriptedOpenAI, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScaledServer]:
    with (
        Services(tmp_path_factory.mktemp("valkey"), start_database=False) as services,
        scaled_server(
            services=services,
            direct=database,
            MGX_LEASE_SECONDS="3",
            MGX_MODEL="openai/scripted",
            OPENAI_BASE_URL=model.url,
            OPENAI_API_KEY="k-canary-secret",
        ) as running,
    ):
        yield running


@pytest.fixture
def pooled(scaled: ScaledServer) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(scaled.pooled, autocommit=True, prepare_threshold=None) as connection:
        yield connection


def session(connection: psycopg.Connection[Any]) -> tuple[Any, ...]:
    """What commands may leave behind in PostgreSQL's session."""
    row = connection.execute(
        "SELECT current_setting('search_path'), current_setting('statement_timeout'), current_setting('lock_timeout')"
    ).fetchone()
    assert row is not None
    return tuple(row)


def test_a_run_goes_from_task_to_delivery_though_the_worker_that_has_it_is_killed(
    scaled: ScaledServer, model: ScriptedOpenAI, shop: Path
) -> None:
    team, reached, opened = script(code=CODE, files=["shop/prices.py"]), threading.Event(), threading.Event()

    def gate(messages: list[dict[str, str]]) -> str | Reply:
        said = team(messages)
        if team.asked[-1] == "WriteTest":
            reached.set()
            opened.wait(SOON)
        return said

    model.script = gate
    DataDirectory(scaled.data).allow(shop)
    with scaled.client() as http:

        def post(path: str, **body: Any) -> dict[str, Any]:
            answer = http.post(path, json=body)
            assert answer.status_code < 300, answer.text
            found: dict[str, Any] = answer.json()
            return found

        link = post("/api/repositories/connect", url=f"file://{shop}", provider="git")
        wanted = {"description": "Let total() ignore prices that are None", "output_mode": "patch_existing"}
        task = post("/api/tasks", name="Ignore None", repository_id=link["id"], **wanted)
        run = post("/api/runs", task_id=task["id"], auto_approve=True)
        path = scaled.socket_url(f"/ws/runs/{run['id']}?after=0")
        with connect(path, additional_headers=scaled.headers, open_timeout=SOON) as socket:
            assert reached.wait(SOON)
            killed = kill_the_holder(scaled)
            opened.set()
            seen = []
            for frame in socket:
                event = json.loads(frame)
                seen += [event["seq"]] if "seq" in event else []
                if event["type"] == "completion":
                    break
        found: dict[str, Any] = {}

        def ended() -> bool:
            found.update(http.get(f"/api/runs/{run['id']}").json())
            return found["state"]["final"] or found["state"]["waits_for_person"]

        wait_for(ended)
    assert found["status"] == "completed", found["error"]
    assert git("show", f"{found['commit_sha']}:shop/prices.py", cwd=shop) == NEW.strip()
    assert seen == list(range(1, len(seen) + 1))
    killed.start()  # for the tests that follow
    (row,) = scaled.query("SELECT fence FROM task_runs WHERE id = %s", run["id"])
    assert row["fence"] > 1
    (pool,) = [pool for pool in scaled.pooler("SHOW POOLS") if pool["database"] == urlsplit(scaled.direct).path[1:]]
    assert pool["pool_mode"] == "transaction"
    wait_for(lambda: not past_the_pooler(scaled), told=lambda: f"sessions of processes: {past_the_pooler(scaled)}")


def past_the_pooler(scaled: ScaledServer) -> set[int]:
    """PostgreSQL's sessions that PgBouncer did not open. Those of this test, and those that PgBouncer ends, are over soon; a
    process keeps one."""
    sessions = scaled.query(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        " AND pid <> pg_backend_pid()"
    )
    opened = {server["remote_pid"] for server in scaled.pooler("SHOW SERVERS")}
    assert opened, "nothing went through it"
    return {row["pid"] for row in sessions} - opened


def kill_the_holder(scaled: ScaledServer) -> Child:
    """The worker that has a run, which nobody starts again."""

    def holder() -> int | None:
        with scaled.client() as http:
            seen = http.get("/health/status").json()["workers"]
        return next((worker["pid"] for worker in seen if worker["busy"]), None)

    pid = wait_for(holder)
    (child,) = [child for child in scaled.workers if scaled.process(child).pid == pid]
    send(pid, signal.SIGKILL)
    wait_for(child.exited)
    return child


def test_what_bounds_sessions_holds_behind_it(scaled: ScaledServer, pooled: psycopg.Connection[Any]) -> None:
    for name, value in {"lock_timeout": "10s", "statement_timeout": "2min", FROZEN.NAME: "15s"}.items():
        assert pooled.execute("SELECT current_setting(%s)", [name]).fetchone() == (value,)


@pytest.mark.parametrize("command", [("migrate", "sessions", "zero"), ("backup", "NEW"), ("restore", "NEW")])
def test_commands_that_set_up_a_session_refuse_to_share_one(
    scaled: ScaledServer, pooled: psycopg.Connection[Any], tmp_path: Path, command: tuple[str, ...]
) -> None:
    """What a migration sets of its session reaches whoever is lent it next; what PostgreSQL's programs set may."""
    before = session(pooled)
    arguments = [word.replace("NEW", str(tmp_path / "new")) for word in command]
    done = scaled.manage(*arguments, DATABASE_DIRECT_URL="")
    assert done.returncode == 1
    assert REFUSED in done.stderr and "DATABASE_DIRECT_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert session(pooled) == before
    assert not (tmp_path / "new").exists()
    assert scaled.query("SELECT to_regclass('django_session') IS NOT NULL AS there") == [{"there": True}]


def test_with_the_direct_address_they_work_while_the_server_does(
    scaled: ScaledServer, pooled: psycopg.Connection[Any], tmp_path: Path
) -> None:
    before = session(pooled)
    for arguments in (("migrate", "sessions", "zero"), ("migrate",), ("backup", str(tmp_path / "new"))):
        done = scaled.manage(*arguments)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "new" / "manifest.json").is_file()
    assert session(pooled) == before


def test_sessions_are_found_to_be_shared_only_behind_the_pooler(scaled: ScaledServer) -> None:
    assert shares_sessions({"conninfo": scaled.pooled})
    assert not shares_sessions({"conninfo": scaled.direct})


def test_a_request_is_told_to_come_again_while_the_pooler_has_no_connection_to_give(scaled: ScaledServer) -> None:
    name = urlsplit(scaled.direct).path[1:]
    scaled.pooler(f"PAUSE {name}")
    try:
        with scaled.client() as http:
            began = time.monotonic()
            answer = http.get("/api/tasks")
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert int(answer.headers["Retry-After"]) > 0
            assert time.monotonic() - began < 40, "two minutes are PgBouncer's default"
    finally:
        scaled.pooler(f"RESUME {name}")
    scaled.wait_ready(SOON)
