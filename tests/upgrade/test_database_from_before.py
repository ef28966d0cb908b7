"""A database of an older version, with runs in flight, is upgraded and its runs finish. `README.md` says what it holds.

Should a later change make the inputs of recorded steps differ on purpose, the run that is at work pauses instead and says so:
this test is then where that is decided.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dramatiq
import psycopg
import pytest
from django.apps import apps

from ..runs.conftest import NEW, PRICES, git
from ..support.scripted_openai import serve
from ..support.team_script import script

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
ACTORS = {
    "runs": ["do_next_run", "plan_run", "execute_run", "deliver_run"],
    "network": ["take_delivery", "say_answer", "refresh_links", "send_unlock_link"],
}
LABELS = ("workspaces", "projects", "tasks", "repositories", "runs", "metrics")


@pytest.fixture
def database_url() -> Iterator[str]:
    """A database beside that of the tests, with what the dump holds."""
    url = urlsplit(os.environ["DATABASE_URL"])
    name = f"from_before_{os.getpid()}"
    with psycopg.connect(url.geturl(), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            old = url._replace(path=f"/{name}").geturl()
            with psycopg.connect(old) as connection:
                connection.execute(gzip.decompress((HERE / "before_names.sql.gz").read_bytes()))
            yield old
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository of the dump's runs, with the same commit."""
    path = tmp_path / "shop"
    for name, text in PRICES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(name, "2026-01-01T00:00:00Z")
    git("init", "-q", "-b", "main", cwd=path)
    git("add", "-A", cwd=path)
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "first", cwd=path)
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)
    return path


def test_a_database_from_before_is_upgraded_and_its_runs_in_flight_finish(database_url: str, shop: Path) -> None:
    with serve(script(code=f"FILE: shop/prices.py\n{NEW}")) as model:
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "mgx_project.settings",
            "DATABASE_URL": database_url,
            "MGX_LOCAL_ROOTS": str(shop.parent),
            "MGX_MODEL": "openai/scripted",
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": "k-secret",
        }
        argv = [sys.executable, "-m", "tests.upgrade.finish_runs", str(shop)]
        done = subprocess.run(argv, cwd=CHECKOUT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    once, again = seen["upgraded"]
    assert_split(once)
    assert again == once, "back and there again is the same"
    assert set(seen["finished"]) == {"awaiting_approval", "executing"}
    for status, run in seen["finished"].items():
        assert_finished(run, shop, recovered=status == "executing")
    assert len(model.requests) == 6, "three of each run: the calls that made the plans were recorded"


def assert_split(rows: dict[str, Any]) -> None:
    """What `handled_causes` held is in two tables, the comments with the ids that they had."""
    assert rows["processed"] == ["comment:11", "comment:12", f"push:{'a' * 40}:main"]
    assert rows["comments"] == {
        "comment:11": ["01a22820-3c6b-7028-93c9-1f64b7a03521", "comment", 7, "Unknown command `/mgx x`.", 0],
        "comment:12": ["01a22820-3c6d-7693-86f7-223e87a2135c", "reaction", 7, "run #1 is approved.", 0],
        "plan:x:1": ["01a22820-3c76-727f-ae43-67e4107e7d95", "comment", 7, "The plan of run #1", 0],
        "status:x:7": ["01a22820-3c6f-7709-95a6-97bc5ba64e84", "status", 7, "", 2],
    }
    assert (rows["due"], rows["locked"]) == (["comment:12", "status:x:7"], ["status:x:7"])
    assert rows["sent"] == ["comment:11", "plan:x:1"]
    assert rows["failed_validations"] == {"shop": 0, "gone": 3}


def assert_finished(run: dict[str, Any], shop: Path, *, recovered: bool) -> None:
    assert run["status"] == "completed", run["error"]
    assert run["types"].count("recovered") == recovered
    for once in ("run_queued", "plan_ready", "patch_applied", "commit_created", "push_succeeded", "completion"):
        assert run["types"].count(once) == 1, once
    assert run["usage"]["calls"] == 5 + recovered, "the call that the worker died in is counted too"
    assert git("show", f"{run['branch']}:shop/prices.py", cwd=shop) + "\n" == NEW


def test_messages_that_wait_in_the_broker_find_their_actors() -> None:
    broker = dramatiq.get_broker()
    for queue, names in ACTORS.items():
        assert {name: broker.get_actor(name).queue_name for name in names} == dict.fromkeys(names, queue)


def test_apps_keep_their_labels() -> None:
    """Rows of `django_migrations` and of content types name them."""
    assert {config.label for config in apps.get_app_configs()} >= set(LABELS)
