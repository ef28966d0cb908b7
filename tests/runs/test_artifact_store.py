"""Artifacts in a real S3 server: the run does not notice, and clients get the same bytes."""

from __future__ import annotations

import base64
import errno
import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from mgx_project.artifact_storage import bucket
from mgx_project.common.errors import NotFound
from mgx_project.common.store import StoreAway
from runs import artifacts, services
from runs.models import Artifact
from runs.models.run_state import Status
from runs.phases import deliver
from tests.conftest import Api
from workspaces.models import Role
from workspaces.tokens import create_api_token

from ..support import s3
from ..support.scripted_openai import Reply
from ..support.team_script import action_of, script
from .conftest import Tenant, drive, git, types
from .test_durability import Crash, expire
from .test_ends import CODE, edit


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.S3]:
    with s3.serve(tmp_path_factory.mktemp("s3") / "server") as running:
        yield running


@pytest.fixture
def in_s3(server: s3.S3, settings: Any) -> Any:
    """The server's settings as they are with S3_BUCKET set."""
    settings.STORAGES = {**settings.STORAGES, **bucket(server.variables)}
    return server.client()


def keys(client: Any) -> set[str]:
    return {entry["Key"] for entry in client.list_objects_v2(Bucket=s3.BUCKET).get("Contents", [])}


def test_a_run_keeps_its_artifacts_in_s3(tenant: Tenant, shop: Path, scripted: Any, in_s3: Any, settings: Any) -> None:
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = drive(edit(tenant, shop))
    assert run.status == Status.COMPLETED, run.error
    stored = set(Artifact.objects.for_workspace(run.workspace_id).filter(run=run).values_list("path", flat=True))
    assert stored <= keys(in_s3)
    assert all(key.startswith(f"{run.workspace_id}/runs/{run.pk}/") for key in stored), "a tenant's bytes lie under its id"
    assert not (settings.MGX_DATA_DIR / "artifacts" / str(run.workspace_id) / "runs" / str(run.pk)).exists()

    _, secret = create_api_token(workspace_id=tenant.workspace.pk, user=tenant.user, name="t", role=Role.VIEWER)
    api = Api()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    diff = api.get(f"/api/runs/{run.pk}/diff")
    assert diff.status_code == 200
    assert b"+    return sum(price for price in prices if price is not None)" in diff.content

    tenant.project.delete()
    assert not stored & keys(in_s3)


def test_bytes_that_the_store_changed_are_not_handed_out(tenant: Tenant, in_s3: Any) -> None:
    run = tenant.run()
    artifact = artifacts.store(run, "a.diff", b"what was written", kind=Artifact.Kind.DIFF, content_type="text/x-diff")
    assert artifacts.load(artifact) == b"what was written"
    in_s3.put_object(Bucket=s3.BUCKET, Key=artifact.path, Body=b"something else")
    with pytest.raises(NotFound, match="differ from"):
        artifacts.load(artifact)
    storages["default"].delete(artifact.path)
    with pytest.raises(NotFound, match="no longer has"):
        artifacts.load(artifact)


def test_a_torn_file_of_an_earlier_try_is_written_again(tenant: Tenant, settings: Any) -> None:
    """What a disk that was full had left was adopted by its name, and the run ended when it was read."""
    run, content = tenant.run(), b"all of it"
    path = f"{run.workspace_id}/runs/{run.pk}/{artifacts.digest_of(content)}/a.diff"
    torn = settings.MGX_DATA_DIR / "artifacts" / path
    torn.parent.mkdir(parents=True)
    for left in (b"all", b"", b"all of it and more", b"ALL OF IT"):
        torn.write_bytes(left)
        artifact = artifacts.store(run, "a.diff", content, kind=Artifact.Kind.DIFF, content_type="text/x-diff")
        assert (artifact.path, artifacts.load(artifact)) == (path, content)
    inode = torn.stat().st_ino
    artifacts.store(run, "a.diff", content, kind=Artifact.Kind.DIFF, content_type="text/x-diff")
    assert torn.stat().st_ino == inode, "what is whole stays"


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_nothing_behind(tenant: Tenant, settings: Any, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run = tenant.run()
    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(StoreAway, match="disk of the artifact store is full"):
            artifacts.store(run, "a.diff", b"x", kind=Artifact.Kind.DIFF, content_type="text/x-diff")
    folder = settings.MGX_DATA_DIR / "artifacts" / str(run.workspace_id) / "runs" / str(run.pk)
    assert not [path for path in folder.rglob("*") if path.is_file()]
    assert not Artifact.objects.for_workspace(run.workspace_id).filter(run=run).exists()


def test_a_file_has_its_name_only_when_it_is_on_the_disk(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)

        def call(*args: Any, name: str = name, real: Any = real) -> Any:
            done.append(name)
            return real(*args)

        monkeypatch.setattr(os, name, call)
    run = tenant.run()
    artifacts.store(run, "a.diff", b"x", kind=Artifact.Kind.DIFF, content_type="text/x-diff")
    assert done[:3] == ["fsync", "replace", "fsync"], "the file, its name, the directory"
    assert len(done) > 3, "and the directories above it that are new"
    done.clear()
    artifacts.store(run, "a.diff", b"x", kind=Artifact.Kind.DIFF, content_type="text/x-diff")
    assert not done


@pytest.mark.parametrize("damage", ["torn", "lost"])
def test_a_damaged_tree_is_made_again_from_the_journal(
    tenant: Tenant, shop: Path, scripted: Any, damage: str, settings: Any
) -> None:
    """The endpoint is away before the review; who goes on finds the tree of the edit damaged. Nothing is paid twice."""
    answers, down = script(code=CODE, files=["shop/prices.py"]), [True]

    def away_at_its_review(messages: Any) -> Any:
        return Reply("down", status=503) if down[0] and action_of(messages) == "ReviewCode" else answers(messages)

    with scripted(away_at_its_review) as server:
        run = drive(edit(tenant, shop))
        assert run.status == Status.PAUSED, run.error
        asked = len(server.requests)
        for tree in Artifact.objects.for_workspace(run.workspace_id).filter(run=run, kind=Artifact.Kind.TREE):
            file = settings.MGX_DATA_DIR / "artifacts" / tree.path
            file.write_bytes(b"diff --git") if damage == "torn" else file.unlink()
        down[0] = False
        services.resume_run(principal=tenant.principal, run_id=run.pk)
        run = drive(run)
        assert run.status == Status.COMPLETED, run.error
        assert len(server.requests) == asked + 1


@pytest.mark.parametrize("damage", ["torn", "lost"])
def test_a_damaged_tree_that_is_to_be_delivered_is_made_again(
    tenant: Tenant, shop: Path, scripted: Any, damage: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies before it keeps the diff; who goes on has another clone, and the store has lost the change."""
    keep, dead = deliver._keep_diff, list[str]()

    async def die(*args: Any) -> None:
        if not dead:
            dead.append(damage)
            raise Crash
        await keep(*args)

    monkeypatch.setattr(deliver, "_keep_diff", die)
    with scripted(script(code=CODE, files=["shop/prices.py"])) as server:
        undisturbed = edit(tenant, shop)
        dead.append("not yet")
        undisturbed = drive(undisturbed)
        dead.clear()
        asked = len(server.requests)
        task = tenant.task(undisturbed.task.name, repository_id=undisturbed.task.repository_id, output_mode="patch_existing")
        run = tenant.run(task, auto_approve=True)
        with pytest.raises(Crash):
            drive(run)
        run.refresh_from_db()
        assert run.status == Status.DELIVERING
        expire(run)
        for tree in Artifact.objects.for_workspace(run.workspace_id).filter(run=run, kind=Artifact.Kind.TREE):
            file = settings.MGX_DATA_DIR / "artifacts" / tree.path
            file.write_bytes(b"diff --git") if damage == "torn" else file.unlink()
        run = drive(run)
        assert run.status == Status.COMPLETED, run.error
        assert len(server.requests) == 2 * asked, "nothing is paid twice"
    said = [Counter(kind for kind in types(one) if kind not in {"recovered", "progress"}) for one in (undisturbed, run)]
    assert said[0] == said[1], "and nothing is said twice"
    tree = f"{run.branch_name}:shop"
    assert git("rev-parse", tree, cwd=shop) == git("rev-parse", f"{undisturbed.branch_name}:shop", cwd=shop)


def test_bytes_that_change_on_their_way_to_s3_are_refused_there(tenant: Tenant, in_s3: Any) -> None:
    run, content = tenant.run(), b"what was written"
    kept = artifacts.store(run, "a.diff", content, kind=Artifact.Kind.DIFF, content_type="text/x-diff")
    head = in_s3.head_object(Bucket=s3.BUCKET, Key=kept.path, ChecksumMode="ENABLED")
    assert base64.b64decode(head["ChecksumSHA256"]) == hashlib.sha256(content).digest()

    def change(request: Any, **_: Any) -> None:
        request.body = b"?" * int(request.headers["Content-Length"])

    before = keys(in_s3)
    sent = storages["default"].connection.meta.client.meta.events  # type: ignore[attr-defined]
    sent.register("before-send.s3.PutObject", change)
    try:
        with pytest.raises(StoreAway):
            artifacts.store(run, "b.diff", content + b"!", kind=Artifact.Kind.DIFF, content_type="text/x-diff")
    finally:
        sent.unregister("before-send.s3.PutObject", change)
    assert keys(in_s3) == before
    assert not Artifact.objects.for_workspace(run.workspace_id).filter(run=run, name="b.diff").exists()
