"""What a workspace's runs store is counted as it comes and goes, and stops at its limit without losing work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.core.files.storage import default_storage
from django.db import connections
from django.db.models import Sum

from agent.errors import Paused
from runs import artifacts
from runs.models import Artifact, TaskRun
from runs.models.run_state import Status
from workspaces.models import StoredBytes, Workspace

from ..support.patience import SOON
from ..support.scripted_openai import serve
from ..support.team_script import script
from .conftest import Tenant, api_of, drive
from .test_budgets import FILES, priced
from .test_ends import CODE, edit


def limit(tenant: Tenant, size: int) -> None:
    Workspace.objects.filter(pk=tenant.workspace.pk).update(limits={"storage_bytes": size})


def counted(tenant: Tenant) -> int:
    """The running total, after comparing it with the sum."""
    total = StoredBytes.objects.for_workspace(tenant.workspace.pk).values_list("size", flat=True).first() or 0
    assert total == (Artifact.objects.for_workspace(tenant.workspace.pk).aggregate(sum=Sum("size"))["sum"] or 0)
    return int(total)


def store(run: TaskRun, name: str, size: int) -> Artifact:
    content = (name.encode() * size)[:size]
    return artifacts.store(run, name, content, kind=Artifact.Kind.LOG, content_type="text/plain")


def test_the_total_follows_what_is_stored_replaced_and_deleted(tenant: Tenant) -> None:
    run, other = tenant.run(), tenant.run()
    store(run, "a", 100)
    store(other, "b", 50)
    assert counted(tenant) == 150
    store(run, "a", 30)
    assert counted(tenant) == 80
    TaskRun.objects.for_workspace(tenant.workspace.pk).filter(pk=run.pk).delete()
    assert counted(tenant) == 50
    TaskRun.objects.for_workspace(tenant.workspace.pk).delete()
    Workspace.objects.filter(pk=tenant.workspace.pk).delete()
    assert not StoredBytes.across_tenants.exists()


def test_what_does_not_fit_leaves_nothing_behind(tenant: Tenant) -> None:
    run = tenant.run()
    limit(tenant, 100)
    store(run, "a", 60)
    with pytest.raises(Paused) as refused:
        store(run, "b", 41)
    assert refused.value.reason == "budget"
    assert "100 bytes" in refused.value.detail and "operator" in refused.value.hint
    assert counted(tenant) == 60
    _, files = default_storage.listdir(f"{tenant.workspace.pk}/runs/{run.pk}/{artifacts.digest_of(b'b' * 41)}")
    assert files == [], "the bytes went with the row"
    store(run, "b", 40)
    assert counted(tenant) == 100


def test_runs_that_store_at_once_do_not_pass_the_limit(tenant: Tenant) -> None:
    runs = [tenant.run() for _ in range(6)]
    limit(tenant, 250)
    barrier = Barrier(len(runs))

    def one(run: TaskRun) -> bool:
        try:
            barrier.wait(timeout=SOON)
            store(run, "a", 100)
        except Paused:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(len(runs)) as pool:
        assert sorted(pool.map(one, runs)) == [False] * 4 + [True] * 2
    assert counted(tenant) == 200


def test_a_run_that_finds_no_more_space_pauses_and_goes_on_when_there_is(tenant: Tenant, shop: Path) -> None:
    with serve(script(code=CODE, files=FILES)) as server:
        priced(tenant, server.url)
        run = edit(tenant, shop)
        limit(tenant, 10)
        run = drive(run)
        assert (run.status, run.pause_reason) == (Status.PAUSED, "budget"), run.error
        assert "storage_bytes" in run.error["detail"]
        assert counted(tenant) <= 10
        asked = len(server.requests)
        limit(tenant, 10_000_000)
        assert api_of(tenant).post(f"/api/runs/{run.pk}/resume").status_code == 200
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    assert len(server.requests) >= asked
    assert run.usage["calls"] == len(server.requests) == 4, "no call was made twice"
