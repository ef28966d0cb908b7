"""A run that asks for it leaves flame graphs of its own work, and of nothing beside it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from runs import artifacts
from runs.models import Artifact, TaskRun
from runs.models.run_state import Status

from ..support.patience import SOON
from ..support.scripted_openai import Reply
from ..support.team_script import script
from .conftest import Tenant, api_of, drive
from .test_ends import CODE, edit

ROOT = Path(__file__).parents[2]


def graphs(run: TaskRun) -> dict[str, Any]:
    found = Artifact.objects.for_workspace(run.workspace_id).filter(run=run, kind="profile").order_by("created_at")
    return {artifact.name: json.loads(artifacts.load(artifact)) for artifact in found}


def test_each_phase_of_a_profiled_run_leaves_a_flame_graph(tenant: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        other = tenant.run(tenant.task("Another one"), auto_approve=True)
        beside = threading.Thread(target=drive, args=(other,))
        beside.start()
        run = drive(edit(tenant, shop, profile=True))
        beside.join(SOON)
    assert run.status == Status.COMPLETED, run.error
    found = graphs(run)
    assert list(found) == [
        f"profile-{phase}-{n}.speedscope.json" for n, phase in enumerate(("planning", "executing", "delivering"), 1)
    ]
    assert graphs(other) == {}
    frames = [frame for document in found.values() for frame in document["shared"]["frames"]]
    names = {(frame["file"], frame["name"]) for frame in frames}
    assert ("agent/pipeline.py", "carry_out") in names
    assert {
        ("runs/phases/deliver.py", "deliver"),
        ("agent/stages/apply.py", "apply"),
        ("runs/worker/journal.py", "step"),
    } <= names
    assert not [frame for frame in frames if (frame["file"] or "").startswith("/")], (
        "paths of this machine are nobody's business"
    )
    assert all("json-schema" in document["$schema"] or "speedscope" in document["$schema"] for document in found.values())
    assert "k-secret" not in json.dumps(found)


def test_the_timing_names_the_graphs_and_they_come_as_downloads(tenant: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(lambda messages: Reply("bad key", status=401)):
        run = drive(edit(tenant, shop, profile=True))
    assert run.status == Status.FAILED
    api = api_of(tenant)
    named = api.get(f"/api/runs/{run.pk}/timing").json()["profiles"]
    assert [graph["name"] for graph in named] == ["profile-planning-1.speedscope.json"], "a phase that fails has one, too"
    assert api.get(f"/api/runs/{run.pk}").json()["profile"] is True
    download = api.get(f"/api/runs/{run.pk}/artifacts/{named[0]['id']}")
    assert download["Content-Disposition"].startswith("attachment;")
    assert len(download.content) == named[0]["size"]


def test_a_profile_that_can_not_be_kept_does_not_fail_its_run(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: Any) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("runs.worker.profiling.flame_graph", broken)
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = drive(edit(tenant, shop, profile=True))
    assert run.status == Status.COMPLETED, run.error
    assert "could not be kept" in caplog.text


def test_the_profiler_is_not_even_imported_by_default() -> None:
    code = "import django, sys; django.setup(); import runs.actors; sys.exit('pyinstrument' in sys.modules)"
    env = {
        "DJANGO_SETTINGS_MODULE": "mgx_project.settings", "MGX_SECRET_KEY": "-", "MGX_ENCRYPTION_KEYS": "-",
        "DATABASE_URL": "postgres:///-", "REDIS_URL": "redis://-",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=SOON)
    assert done.returncode == 0, done.stderr
