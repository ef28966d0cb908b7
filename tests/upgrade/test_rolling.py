"""A rolling upgrade: workers of the last release and of this checkout on one database of the newest schema, and each carries on
what the other has begun."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from mgx_project.common import living_workers
from mgx_project.common.living_workers import workers_seen
from runs.models import RunStep, TaskRun
from runs.models.run_state import Status
from workspaces.models import LedgerEntry

from ..runs.conftest import NEW, Tenant, git, local_roots, shop, tenant, types
from ..support.patience import SOON
from ..support.scripted_openai import Reply, serve
from ..support.team_script import action_of, script
from ..support.worker import CHECKOUT, wait_for_end, worker

__all__ = ["local_roots", "shop", "tenant"]

RELEASED = "499f93bca53311a1fd81178a77684b51d5f0f19b"
"""The last commit of the main branch before prompts and journals had pinned versions. Replace it with each release."""


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """Its tree, out of the history of this repository."""
    known = subprocess.run(["git", "cat-file", "-e", f"{RELEASED}^{{commit}}"], cwd=CHECKOUT, capture_output=True, check=False)
    if known.returncode != 0:
        pytest.skip(f"the history here does not go back to the last release, {RELEASED[:12]} (a shallow clone?)")
    path = tmp_path / "released"
    path.mkdir()
    archive = subprocess.run(["git", "archive", RELEASED], cwd=CHECKOUT, check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", str(path)], input=archive.stdout, check=True)
    return path


class Gate:
    """Its team's reviewer answers when the gate is opened: until then the run stands in the middle of its work."""

    def __init__(self) -> None:
        self.team = script(code=f"FILE: shop/prices.py\n{NEW}", files=["shop/prices.py"])
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, messages: list[dict[str, Any]]) -> str | Reply:
        said = self.team(messages)
        if action_of(messages) == "ReviewCode":
            self.reached.set()
            self.opened.wait(SOON)
        return said


def finished(run: TaskRun, gate: Gate, log: Path) -> TaskRun:
    gate.opened.set()
    wait_for_end(run, log)
    assert run.status == Status.COMPLETED, (run.status, run.error)
    asked = gate.team.asked
    assert asked == ["DraftPlan", "WriteCode", "WriteTest", "ReviewCode", "ReviewCode"], (
        "only the call it died in is made again"
    )
    seen = types(run)
    assert seen.count("recovered") == 1
    for once in ("plan_ready", "patch_applied", "commit_created", "push_succeeded", "completion"):
        assert seen.count(once) == 1, once
    steps = RunStep.objects.for_workspace(run.workspace_id).filter(run=run, kind="model")
    assert steps.count() == 4 and not steps.filter(finished_at=None).exists()
    assert LedgerEntry.objects.for_workspace(run.workspace_id).filter(run_id=run.pk).count() == len(asked)
    return run


def test_old_and_new_workers_carry_on_each_others_runs(
    tenant: Tenant, shop: Path, released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tenant.link(shop, is_primary=True)
    task = tenant.task("Let total() ignore prices that are None", repository_id=link.pk, output_mode="patch_existing")
    gates = [Gate(), Gate()]
    turn = iter(gates)
    with serve(lambda messages: gate(messages)) as model:
        env = {"MGX_MODEL": "openai/scripted", "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "k"}
        env |= {"MGX_LEASE_SECONDS": "3", "MGX_LOCAL_ROOTS": str(tmp_path)}
        gate = next(turn)
        run = tenant.run(task, auto_approve=True)
        with worker(log=tmp_path / "old.log", tree=released, **env):
            assert gate.reached.wait(SOON), (tmp_path / "old.log").read_text()[-2000:]
            monkeypatch.setattr(living_workers, "_look", living_workers._Look())
            assert [worker["threads"] for worker in workers_seen()] == [4], "a web process of this checkout knows of it"
        run.refresh_from_db()
        assert (run.prompt_set, run.prompt_version) == (0, "11"), "the release before pins nothing"
        with worker(log=tmp_path / "new.log", **env):
            begun_by_old = finished(run, gate, tmp_path / "new.log")
            gate = next(turn)
            second = tenant.run(task, auto_approve=True)
            assert gate.reached.wait(SOON), (tmp_path / "new.log").read_text()[-2000:]
        second.refresh_from_db()
        assert second.prompt_set == int(second.prompt_version)
        with worker(log=tmp_path / "old.log", tree=released, **env):
            begun_by_new = finished(second, gate, tmp_path / "old.log")
    for done in (begun_by_old, begun_by_new):
        assert git("diff", "--name-only", "main", done.branch_name, cwd=shop) == "shop/prices.py"
