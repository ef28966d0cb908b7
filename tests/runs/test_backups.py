"""A backup with a run in flight is restored, on S3 as on a disk, and the run goes on, also where GitHub has more than it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage, storages
from django.core.management import CommandError, call_command
from django.db import connection

from mgx_project.artifact_storage import bucket
from runs import artifacts, backups
from runs.models import Artifact, TaskRun
from runs.models.run_state import Status
from runs.worker.journal import RunJournal
from workspaces.models import LedgerEntry, Workspace

from ..support import s3
from ..support.run_actors import work_on
from ..support.scripted_openai import Call, Reply
from ..support.team_script import plan, script
from .conftest import Tenant, drive, types
from .hosted import Hosted
from .test_durability import Crash, expire

OLD, BETTER = "    return sum(prices)\n", "    return sum(price for price in prices if price is not None)\n"


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Iterator[str]:
    """The artifact store of the test."""
    if request.param == "disk":
        yield "disk"
        return
    with s3.serve(tmp_path / "s3") as server:
        settings.STORAGES = {**settings.STORAGES, **bucket(server.variables)}
        yield "s3"
    storages._storages.clear()


def team() -> Any:
    def call(tool: str, **arguments: object) -> Reply:
        return Reply(calls=[Call(tool, arguments)], finish_reason="tool_calls")

    edited = call("edit", path="shop/prices.py", old=OLD, new=BETTER)
    done = call("finish", summary="None is left out.", subject="Ignore prices that are None")
    return script(code="", DraftPlan=[plan("shop/prices.py")], WriteCode=[edited, done])


def test_a_restored_run_goes_on_and_adopts_what_github_has(
    hosted: Hosted, scripted: Any, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    recorded = RunJournal._record

    def record_then_die(self: RunJournal, step: Any, *rest: Any) -> None:
        recorded(self, step, *rest)
        if step.row.tree:
            raise Crash

    place = tmp_path / "backup"
    with scripted(team()) as server:
        run = hosted.start()
        work_on(run)
        run.refresh_from_db()
        with monkeypatch.context() as at_work:
            at_work.setattr(RunJournal, "_record", record_then_die)
            with pytest.raises(Crash):
                work_on(run)
        call_command("backup", str(place))
        said = json.loads(capsys.readouterr().out)
        assert (said["runs"], said["in_flight"], said["missing"]) == (1, 1, [])
        assert said["artifacts"] == Artifact.across_tenants.values("path").distinct().count() > 0
        before = len(server.requests)

        # time goes on: the run is delivered, and a person has seen its pull request
        expire(run)
        first = drive(run)
        assert first.status == Status.COMPLETED, first.error
        [pull] = hosted.pulls()
        fence, commit, calls = first.fence, first.commit_sha, len(server.requests)

        # the disaster, and the restore
        for path in Artifact.across_tenants.values_list("path", flat=True):
            default_storage.delete(path)
        with pytest.raises(CommandError, match="not empty"):
            call_command("restore", str(place))
        call_command("restore", str(place), "--replace")
        restored = TaskRun.across_tenants.select_related("task__project").get(pk=run.pk)
        assert (restored.status, restored.commit_sha) == (Status.EXECUTING, "")
        assert restored.fence > fence, "no worker from before passes for the run's owner"
        expire(restored)
        again = drive(restored)
    assert again.status == Status.COMPLETED, again.error
    assert (again.commit_sha, again.branch_name, again.pr_number) == (commit, first.branch_name, pull["number"])
    assert len(hosted.pulls()) == 1 and hosted.head(again.branch_name) == commit
    assert hosted.github.git(hosted.repo, "for-each-ref", "--format=%(refname:short)", "refs/heads/mgx").split() == [
        again.branch_name
    ]
    assert len(server.requests) - calls == calls - before, "what the backup has recorded is not asked again"
    seen = types(again)
    assert [seen.count(kind) for kind in ("commit_created", "push_succeeded", "pr_opened", "completion")] == [1] * 4
    ledger = LedgerEntry.objects.for_workspace(again.workspace_id).filter(run_id=again.pk)
    assert ledger.count() == again.usage["calls"]


@pytest.mark.django_db(transaction=True)
def test_what_is_not_a_whole_backup_of_this_server_is_refused_before_anything_changes(tmp_path: Path, settings: Any) -> None:
    Workspace.objects.create(name="kept", slug="kept")
    place = tmp_path / "backup"
    backups.backup(place)
    with pytest.raises(backups.BackupFailed, match="not empty"):
        backups.backup(place)
    manifest = json.loads((place / "manifest.json").read_text())
    dump = (place / "database.dump").read_bytes()

    def refused(why: str) -> None:
        with pytest.raises(backups.BackupFailed, match=why):
            backups.restore(place, replace=True)
        assert Workspace.objects.filter(slug="kept").exists()

    for change, why in (
        ({"format": 99}, "format 99"),
        ({"migrations": [*manifest["migrations"], "runs.9999_later"]}, "newer server"),
        ({"artifacts": [{"path": "../../etc/passwd", "size": 1, "sha256": "0"}]}, "outside"),
        ({"artifacts": [{"path": "w/lost.patch", "size": 1, "sha256": "0"}]}, "missing or damaged"),
    ):
        (place / "manifest.json").write_text(json.dumps({**manifest, **change}))
        refused(why)
    (place / "manifest.json").write_text(json.dumps(manifest))
    (place / "database.dump").write_bytes(dump[:-1])
    refused("database.dump is missing or damaged")
    (place / "database.dump").write_bytes(dump)
    known, settings.MGX_ENCRYPTION_KEYS = settings.MGX_ENCRYPTION_KEYS, ["another"]
    refused("other encryption keys")
    settings.MGX_ENCRYPTION_KEYS = known
    (place / "manifest.json").unlink()
    refused("has no manifest.json")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_a_store_that_is_away_ends_a_backup_and_a_restore_with_a_sentence(
    tenant: Tenant, tmp_path: Path, settings: Any
) -> None:
    artifacts.store(tenant.run(), "log", b"kept", kind=Artifact.Kind.LOG, content_type="text/plain")
    good, lost = tmp_path / "good", tmp_path / "lost"
    call_command("backup", str(good))
    whole, blocked = settings.STORAGES["default"], tmp_path / "blocked"
    blocked.write_text("a file where the store's directory should be")
    settings.STORAGES = {**settings.STORAGES, "default": {**whole, "OPTIONS": {**whole["OPTIONS"], "location": blocked}}}
    for command in (["backup", str(lost)], ["restore", str(good), "--replace"]):
        with pytest.raises(CommandError, match="The artifact store does not answer"):
            call_command(*command)
    assert not (lost / "manifest.json").exists()
    assert TaskRun.objects.for_workspace(tenant.workspace.pk).exists(), "the database is as it was"
