"""A store of artifacts that hangs, is away or is full pauses runs; they go on by themselves as it answers. Nothing is lost."""

from __future__ import annotations

import errno
import os
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mgx_project.artifact_storage import BRIEF_SECONDS, bucket
from mgx_project.common import clock, tenant_wall
from mgx_project.common import store as bytes_store
from runs import artifacts, orphaned_files, services
from runs.lifecycle import store_returns, worker_transitions
from runs.lifecycle.store_returns import resume
from runs.models import Artifact, FileToRemove, TaskRun
from runs.models.run_state import Status
from runs.worker.llm_budget import scope_of
from workspaces import budgets
from workspaces.models import Event, Workspace

from ..support import s3
from ..support.patience import wait_for
from ..support.scripted_openai import serve
from ..support.team_script import action_of, script
from ..support.worker import wait_for_end, worker
from .conftest import Tenant, api_of, drive, git, types
from .test_ends import CODE, edit

BOTOCORE_WAITS = 5 * 60.0
"""Seconds until botocore gives up by default: after five tries."""
ONCE = ("plan_ready", "patch_applied", "commit_created", "completion")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.S3]:
    with s3.serve(tmp_path_factory.mktemp("s3") / "server") as running:
        yield running


@pytest.fixture
def in_s3(store: s3.S3, settings: Any) -> s3.S3:
    """The server's settings as they are with S3_BUCKET set."""
    settings.STORAGES = {**settings.STORAGES, **bucket(store.variables)}
    return store


def when(action: str, act: Callable[[], None]) -> Any:
    """The usual team, whose answer to ``action`` comes after ``act``, which is done once."""
    answers, done = script(code=CODE, files=["shop/prices.py"]), list[str]()

    def answer(messages: Any) -> Any:
        if action_of(messages) == action and not done:
            done.append(action)
            act()
        return answers(messages)

    return answer


def failing(number: int) -> Callable[..., None]:
    def fails(*args: object) -> None:
        raise OSError(number, os.strerror(number))

    return fails


def whole(run: TaskRun, requests: list[Any], repo: Path) -> None:
    """The run has everything once, and everything that it names is there."""
    assert run.status == Status.COMPLETED, run.error
    assert len(requests) == 4, "no call was made again"
    kept = Artifact.objects.for_workspace(run.workspace_id).filter(run=run)
    assert all(artifacts.load(artifact) for artifact in kept.filter(kind=Artifact.Kind.DIFF))
    assert [artifacts.load(artifact) is not None for artifact in kept].count(True) == kept.count() >= 2
    seen = types(run)
    assert {name: seen.count(name) for name in ONCE} == dict.fromkeys(ONCE, 1)
    assert git("rev-list", "--count", f"main..{run.branch_name}", cwd=repo) == "1"


@pytest.mark.parametrize(("action", "paused_from"), [("WriteCode", "executing"), ("ReviewCode", "delivering")])
def test_a_store_that_hangs_pauses_the_run_soon_and_it_goes_on_when_the_store_answers(
    tenant: Tenant, shop: Path, scripted: Any, in_s3: s3.S3, action: str, paused_from: str
) -> None:
    began = list[float]()

    def freeze() -> None:
        in_s3.freeze()
        began.append(time.monotonic())

    with scripted(when(action, freeze)) as model:
        try:
            run = drive(edit(tenant, shop))
            took = time.monotonic() - began[0]
            assert (run.status, run.pause_reason, run.paused_from) == (Status.PAUSED, "storage", paused_from), run.error
            assert "artifact store" in run.error["detail"] and "by itself" in run.error["hint"]
            assert took < BOTOCORE_WAITS
            assert resume(now=True) == 0, "it hangs still"
            answer = api_of(tenant).get(f"/api/runs/{run.pk}/artifacts")
            assert answer.status_code == 200, "what the database knows is shown"
        finally:
            in_s3.thaw()
        wait_for(lambda: resume(now=True) == 1)
        assert resume(now=True) == 0
        run = drive(run)
    whole(run, model.requests, shop)
    assert types(run).count("resumed") == 1


def test_a_worker_waits_for_a_store_that_is_stopped_and_goes_on_by_itself(
    tenant: Tenant, shop: Path, store: s3.S3, settings: Any, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    with serve(when("WriteCode", store.stop)) as model:
        env = {"MGX_MODEL": "openai/scripted", "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "k"}
        run = edit(tenant, shop)
        with worker(log=log, MGX_LOCAL_ROOTS=str(tmp_path), **env, **store.variables):
            wait_for_end(run, log)
            assert (run.status, run.pause_reason) == (Status.PAUSED, "storage"), run.error
            store.start()
            wait_for(lambda: TaskRun.across_tenants.get(pk=run.pk).is_final, told=lambda: log.read_text()[-3000:])
    run.refresh_from_db()
    settings.STORAGES = {**settings.STORAGES, **bucket(store.variables)}
    whole(run, model.requests, shop)
    resumed = Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk, type="resumed")
    assert [event.data["by"] for event in resumed] == ["MGX"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES])
def test_a_disk_of_artifacts_that_fails_pauses_the_run_and_it_goes_on(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with scripted(script(code=CODE, files=["shop/prices.py"])) as model:
        run = edit(tenant, shop)
        with monkeypatch.context() as patch:
            patch.setattr("mgx_project.durable_storage._sync", failing(number))
            run = drive(run)
            assert (run.status, run.pause_reason) == (Status.PAUSED, "storage"), run.error
            assert resume(now=True) == 0
        assert resume(now=True) == 1
        run = drive(run)
    whole(run, model.requests, shop)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_of_the_worker_that_fails_pauses_the_run_and_what_was_paid_is_kept(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with scripted(script(code=CODE, files=["shop/prices.py"])) as model:
        run = edit(tenant, shop)
        with monkeypatch.context() as patch:
            patch.setattr("agent.patch.transaction.os.fsync", failing(number))
            run = drive(run)
            assert (run.status, run.pause_reason) == (Status.PAUSED, "sandbox"), run.error
            assert "disk" in run.error["detail"] and "resume" in run.error["hint"]
        services.resume_run(principal=tenant.principal, run_id=run.pk)
        run = drive(run)
    whole(run, model.requests, shop)


def test_requests_for_bytes_of_a_store_that_hangs_are_answered_within_seconds(
    tenant: Tenant, shop: Path, scripted: Any, in_s3: s3.S3
) -> None:
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = drive(edit(tenant, shop))
    api = api_of(tenant)
    [artifact] = Artifact.objects.for_workspace(run.workspace_id).filter(run=run, kind=Artifact.Kind.DIFF)
    for away in (in_s3.freeze, in_s3.stop):
        away()
        try:
            for path in ("diff", f"artifacts/{artifact.pk}"):
                began = time.monotonic()
                answer = api.get(f"/api/runs/{run.pk}/{path}")
                assert (answer.status_code, answer.json()["code"]) == (503, "store_away")
                assert int(answer["Retry-After"]) > 0
                assert s3.ACCESS_KEY not in answer.content.decode() and in_s3.url not in answer.content.decode()
                assert time.monotonic() - began < BOTOCORE_WAITS / 5
        finally:
            if away == in_s3.freeze:
                in_s3.thaw()
            else:
                in_s3.start()
    wait_for(lambda: api.get(f"/api/runs/{run.pk}/diff").status_code == 200)


def test_who_deletes_many_files_does_not_wait_for_each(tenant: Tenant, in_s3: s3.S3) -> None:
    run = tenant.run()
    for number in range(90):
        artifacts.store(run, f"{number}", b"%d" % number, kind=Artifact.Kind.LOG, content_type="text/plain")
    services.cancel_run(principal=tenant.principal, run_id=run.pk)
    in_s3.freeze()
    try:
        began = time.monotonic()
        assert api_of(tenant).delete(f"/api/runs/{run.pk}").status_code == 204
        assert time.monotonic() - began < 90 * BRIEF_SECONDS / 2
    finally:
        in_s3.thaw()
    assert not Artifact.objects.for_workspace(tenant.workspace.pk).exists()
    assert not FileToRemove.objects.exists(), "what its workspace's meters name is found without a row"


def test_a_run_that_is_paused_again_and_again_waits_ever_longer(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store answers, and does not do what this run asks of it."""
    run = tenant.run()

    def resume_after(seconds: float) -> int:
        """Of the same moment for the pause and for the look, however long this machine takes from one to the other."""
        now = clock.now()
        TaskRun.across_tenants.filter(pk=run.pk).update(updated_at=now - timedelta(seconds=seconds))
        with monkeypatch.context() as patch:
            patch.setattr(clock, "now", lambda: now)
            return resume()

    for seconds in (2, 4, 8):
        claimed = worker_transitions.claim(run.pk, {Status.QUEUED, Status.PLANNING})
        assert claimed is not None
        worker_transitions.pause(run.pk, claimed.fence, "storage", "The artifact store can't do this now.")
        assert resume_after(seconds - 0.1) == 0, seconds
        assert resume_after(seconds) == 1, seconds


def test_a_look_reads_little_of_runs_and_stops_when_enough_go_on(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store is away, all that work pauses, and this is done every two seconds."""
    monkeypatch.setattr(store_returns, "MOST", 2)
    runs = [tenant.run() for _ in range(6)]
    for age, run in enumerate(runs):
        claimed = worker_transitions.claim(run.pk, {Status.QUEUED})
        assert claimed is not None
        worker_transitions.pause(run.pk, claimed.fence, "storage", "The artifact store does not answer.")
        since = clock.now() - timedelta(minutes=20 - age)
        TaskRun.across_tenants.filter(pk=run.pk).update(updated_at=since)
    with CaptureQueriesContext(connection) as asked:
        assert resume() == 2
    statuses = [TaskRun.across_tenants.get(pk=run.pk).status for run in runs]
    assert statuses == [Status.PLANNING] * 2 + [Status.PAUSED] * 4
    looked, counted = (query["sql"] for query in asked.captured_queries[:2])
    assert '"plan"' not in looked and '"results"' not in looked
    assert [run.pk for run in runs if str(run.pk) in counted or run.pk.hex in counted] == [run.pk for run in runs[:2]], counted


def worked_at(tenant: Tenant) -> TaskRun:
    """A run for which a worker has bought time, as each does before it makes a file."""
    run = tenant.run()
    budgets.reserve_time(scope=scope_of(run), run_caps={}, ms=1)
    return run


def orphans_of(run: TaskRun) -> tuple[str, str]:
    """A file of the run that a row names, and one of which a store that was away has kept the bytes."""
    kept = artifacts.store(run, "kept.diff", b"kept", kind=Artifact.Kind.DIFF, content_type="text/x-diff").path
    lost = artifacts.store(run, "lost.diff", b"lost", kind=Artifact.Kind.DIFF, content_type="text/x-diff").path
    bytes_store.write(lost + ".moved", b"lost")
    Artifact.across_tenants.filter(path=lost).delete()
    return kept, lost + ".moved"


def answers() -> bool:
    """Whether the store is there again: one that has just begun may not do yet what it is asked."""
    try:
        bytes_store.check()
    except bytes_store.StoreAway:
        return False
    return True


def is_there(path: str) -> bool:
    try:
        return bytes_store.read(path) is not None
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("where", ["s3", "disk"])
def test_files_that_no_row_names_go_after_a_day_and_no_others(
    where: str, tenant: Tenant, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == "s3":
        request.getfixturevalue("in_s3")
    ended, active, deleted = worked_at(tenant), worked_at(tenant), worked_at(tenant)
    kept, lost = orphans_of(ended)
    _, of_active = orphans_of(active)
    of_deleted = f"{tenant.workspace.pk}/runs/{deleted.pk}/{'0' * 16}/tree.patch"
    services.cancel_run(principal=tenant.principal, run_id=deleted.pk)
    services.delete_run(principal=tenant.principal, run_id=deleted.pk)
    others = [  # of another server, of one that began as a copy of this one, and of nobody
        f"{uuid.uuid4()}/runs/{uuid.uuid4()}/{'0' * 16}/tree.patch",
        f"{uuid.uuid4()}/runs/{deleted.pk}/{'0' * 16}/tree.patch",
        f"{tenant.workspace.pk}/runs/{uuid.uuid4()}/{'0' * 16}/tree.patch",
        "other/file.txt",
    ]
    for path in (of_deleted, *others):
        bytes_store.write(path, b"x")
    TaskRun.across_tenants.filter(pk=ended.pk).update(
        status=Status.FAILED, completed_at=clock.now() - orphaned_files.AGE - timedelta(minutes=1)
    )
    cache.delete(orphaned_files.CURSOR)
    assert orphaned_files.sweep() == {"files deleted": 0}, "none is a day old"
    monkeypatch.setattr(orphaned_files, "AGE", timedelta(seconds=-30))
    TaskRun.across_tenants.filter(pk=active.pk).update(status=Status.PLANNING)
    monkeypatch.setattr(orphaned_files, "MOST", 1)
    with tenant_wall.within():  # rows that can't be seen are not gone
        goes = list(iter(lambda: orphaned_files.sweep()["files deleted"], 0))
    assert set(goes) == {1} and len(goes) >= 2
    assert [is_there(path) for path in (lost, of_deleted)] == [False, False]
    assert all(is_there(path) for path in (kept, of_active, *others))
    assert artifacts.load(Artifact.across_tenants.get(path=kept)) == b"kept"


def test_the_sweep_looks_at_some_files_a_go_and_comes_round(
    tenant: Tenant, in_s3: s3.S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = worked_at(tenant)
    TaskRun.across_tenants.filter(pk=run.pk).update(status=Status.FAILED, completed_at=clock.now())
    monkeypatch.setattr(orphaned_files, "AGE", timedelta(seconds=-30))
    lost = [f"{tenant.workspace.pk}/runs/{run.pk}/{number:016x}/a.patch" for number in range(5)]
    for path in lost:
        bytes_store.write(path, b"x")
    cache.delete(orphaned_files.CURSOR)
    goes = 0
    while any(map(is_there, lost)):
        goes += 1
        assert orphaned_files.sweep(listed=2)["files deleted"] <= 2
        assert goes < 200
    assert goes >= 3
    in_s3.stop()
    try:
        with pytest.raises(bytes_store.StoreAway):
            orphaned_files.sweep()
    finally:
        in_s3.start()


@pytest.mark.parametrize("many", [False, True])
def test_files_of_a_workspace_that_is_deleted_while_the_store_is_away_go_when_it_is_back(
    tenant: Tenant, in_s3: s3.S3, many: bool
) -> None:
    """Told to delete it by itself, or as one of several; what else is in the bucket stays."""
    run = worked_at(tenant)
    paths = {
        artifacts.store(run, f"{number}.diff", b"%d" % number, kind=Artifact.Kind.DIFF, content_type="text/x-diff").path
        for number in range(3)
    }
    other = f"{uuid.uuid4()}/runs/{uuid.uuid4()}/{'0' * 16}/tree.patch"
    bytes_store.write(other, b"x")
    services.cancel_run(principal=tenant.principal, run_id=run.pk)
    in_s3.stop()
    try:
        if many:
            Workspace.objects.filter(pk=tenant.workspace.pk).delete()
        else:
            tenant.workspace.delete()
        assert set(FileToRemove.objects.values_list("path", flat=True)) == paths
        with pytest.raises(bytes_store.StoreAway):
            orphaned_files.remove_listed()
        assert FileToRemove.objects.count() == len(paths)
    finally:
        in_s3.start()
    wait_for(answers)
    assert all(map(is_there, paths))
    assert orphaned_files.remove_listed() == {"files deleted": len(paths)}
    assert [*map(is_there, sorted(paths)), is_there(other)] == [False] * len(paths) + [True]
    assert not FileToRemove.objects.exists()
    assert orphaned_files.remove_listed() == {"files deleted": 0}


def test_nothing_is_left_to_remove_where_the_store_is_there(tenant: Tenant, in_s3: s3.S3) -> None:
    run = worked_at(tenant)
    path = artifacts.store(run, "a.diff", b"a", kind=Artifact.Kind.DIFF, content_type="text/x-diff").path
    services.cancel_run(principal=tenant.principal, run_id=run.pk)
    tenant.workspace.delete()
    assert not is_there(path)
    assert not FileToRemove.objects.exists()
