"""What is done and old goes; what is still to be done stays."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db.models import DateTimeField, F
from django.utils import timezone

from mgx_project.common import drafts as draft_files
from mgx_project.common import tenant_wall
from repositories.models import RepositoryLink, WebhookDelivery
from runs import artifacts, retention
from runs.lifecycle.user_decisions import request_cancel
from runs.models import Artifact, OutgoingComment, ProcessedWebhook, RunStep, TaskRun
from runs.worker import leftovers
from runs.worker.lease import keeper
from runs.worker.llm_budget import scope_of
from tests.factories import RepositoryLinkFactory
from workspaces import budgets
from workspaces.models import (
    AuditEntry,
    Event,
    IdempotencyRecord,
    Invitation,
    LedgerEntry,
    Role,
    SignIn,
    SignInCount,
    WsTicket,
)
from workspaces.tokens import create_api_token

from ..support.patience import Clock
from ..support.worker import CHECKOUT
from .conftest import Tenant, make_tenant

pytestmark = pytest.mark.django_db
NOW = timezone.now()
OLD = NOW - timedelta(days=31)


@pytest.fixture
def link() -> RepositoryLink:
    found: RepositoryLink = RepositoryLinkFactory()
    return found


def delivery(link: RepositoryLink, name: str, created: Any, **fields: Any) -> None:
    known = {"workspace_id": link.workspace_id, "link": link, "delivery_id": name, "event": "push", "payload": {}}
    row = WebhookDelivery.across_tenants.create(**known, **fields)
    WebhookDelivery.across_tenants.filter(pk=row.pk).update(created_at=created)


def processed(link: RepositoryLink, key: str, created: Any) -> None:
    row = ProcessedWebhook.across_tenants.create(workspace_id=link.workspace_id, link_id=link.pk, key=key)
    ProcessedWebhook.across_tenants.filter(pk=row.pk).update(created_at=created)


def comment(link: RepositoryLink, key: str, created: Any, **fields: Any) -> None:
    row = OutgoingComment.across_tenants.create(workspace_id=link.workspace_id, link_id=link.pk, key=key, **fields)
    OutgoingComment.across_tenants.filter(pk=row.pk).update(created_at=created)


def left() -> list[str]:
    columns = {WebhookDelivery: "delivery_id", ProcessedWebhook: "key", OutgoingComment: "key"}
    return sorted(value for model, column in columns.items() for value in model.across_tenants.values_list(column, flat=True))


def pruned() -> int:
    return sum(retention.prune().values())


def test_only_what_is_done_and_old_goes(link: RepositoryLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        delivery(link, f"old-{number}", OLD, processed_at=OLD)
        processed(link, f"comment:{number}", OLD)
        comment(link, f"comment:{number}", OLD, sent_at=OLD)
    delivery(link, "waits", OLD)
    delivery(link, "new", NOW, processed_at=NOW)
    comment(link, "plan:owed", OLD, text="x", due_at=NOW)
    comment(link, "status:in-use", OLD, sent_at=NOW)
    processed(link, "comment:new", NOW)
    assert pruned() == 15
    assert left() == ["comment:new", "new", "plan:owed", "status:in-use", "waits"]
    assert pruned() == 0


def test_a_cause_is_known_while_its_answer_is_owed(link: RepositoryLink) -> None:
    processed(link, "issue:1:label", OLD)
    comment(link, "issue:1:label", OLD, text="x", due_at=NOW)
    assert pruned() == 0
    OutgoingComment.across_tenants.update(due_at=None, sent_at=OLD)
    assert pruned() == 2


def test_one_go_takes_some_seconds_and_much_of_one_kind_keeps_no_other_back(
    link: RepositoryLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()

    def slow(rule: retention.Rule) -> retention.Rule:
        return retention.Rule(rule.name, lambda: (clock.sleep(1), rule.old())[1])

    rules = {rule.name: slow(rule) for rule in retention.POLICY}
    monkeypatch.setattr(retention, "POLICY", (rules["webhooks"], rules["deliveries"]))
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "time", clock)
    for number in range(7):
        processed(link, f"comment:{number}", OLD)
    delivery(link, "old", OLD, processed_at=OLD)
    assert retention.prune(3) == {"webhooks": 4, "deliveries": 1}
    assert retention.prune(3) == {"webhooks": 3}
    assert retention.prune(3) == {}


def test_a_worker_that_is_being_stopped_ends_with_its_batch(link: RepositoryLink, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped_meanwhile(rule: retention.Rule) -> retention.Rule:
        return retention.Rule(rule.name, lambda: (monkeypatch.setattr(keeper, "stopping", True), rule.old())[1])

    rules = {rule.name: rule for rule in retention.POLICY}
    monkeypatch.setattr(retention, "POLICY", (stopped_meanwhile(rules["webhooks"]), rules["deliveries"]))
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(3):
        processed(link, f"comment:{number}", OLD)
    delivery(link, "old", OLD, processed_at=OLD)
    assert retention.prune() == {"webhooks": 2}
    assert retention.prune() == {}
    monkeypatch.setattr(keeper, "stopping", False)
    monkeypatch.setattr(retention, "POLICY", (rules["webhooks"], rules["deliveries"]))
    assert retention.prune() == {"webhooks": 1, "deliveries": 1}


def aged(days: int) -> None:
    """All rows of all tables are so much older, however they came to be; but for the audit log, whose rows nobody changes."""
    for model in (each for each in apps.get_models() if each is not AuditEntry):
        moments = [field.attname for field in model._meta.concrete_fields if isinstance(field, DateTimeField)]
        if moments and model._meta.managed:
            model._base_manager.update(**{name: F(name) - timedelta(days=days) for name in moments})


def made(tenant: Tenant) -> TaskRun:
    """One row of everything that a run, its people and their browsers leave."""
    run = tenant.run()
    workspace = {"workspace_id": tenant.workspace.pk}
    common = {**workspace, "run": run, "key": "k", "kind": "read", "input_digest": "", "started_at": NOW, "finished_at": NOW}
    RunStep.objects.create(**common)
    artifacts.store(run, "t.patch", b"tree", kind=Artifact.Kind.TREE, content_type="text/x-diff")
    artifacts.store(run, "changes.diff", b"diff", kind=Artifact.Kind.DIFF, content_type="text/x-diff")
    entry = budgets.reserve(scope=scope_of(run), step_key="k", tokens=10, cost_usd=None, run_caps={})
    budgets.settle_orphan(entry)
    IdempotencyRecord.objects.create(**workspace, principal="p", route="r", key="k", body_digest="", status=201)
    Session.objects.create(session_key=f"s-{run.pk}"[:40], session_data="", expire_date=NOW + timedelta(days=14))
    SignIn.objects.create(user=tenant.user, refresh_jti="j", expires_at=NOW + timedelta(days=14))
    SignInCount.objects.create(key=f"account/{run.pk}", since=NOW)
    create_api_token(workspace_id=tenant.workspace.pk, user=tenant.user, name="t", role=Role.OWNER, expires_at=NOW)
    WsTicket.objects.create(**workspace, user=tenant.user, digest=str(run.pk), expires_at=NOW + timedelta(hours=1))
    Invitation.objects.create(**workspace, digest=str(run.pk), expires_at=NOW)
    return run


def test_after_400_days_nothing_is_left_but_what_is_needed_and_it_is_said_what_went(tenant: Tenant, settings: Any) -> None:
    ended, live = made(tenant), made(make_tenant("other"))
    request_cancel(ended.pk, by="ada")
    before = artifacts.load(Artifact.objects.for_workspace(ended.workspace_id).get(kind=Artifact.Kind.DIFF))
    assert retention.prune() == {}
    aged(400)
    settings.MGX_KEEP_DAYS = 0
    kept_for_ever = retention.prune()
    assert kept_for_ever.keys().isdisjoint({"steps", "events", "trees", "ledger entries"})
    assert {name: kept_for_ever[name] for name in ("sessions", "tokens", "tickets", "invitations", "idempotency records")} == {
        "sessions": 2, "tokens": 2, "tickets": 2, "invitations": 2, "idempotency records": 2,
    }  # fmt: skip
    settings.MGX_KEEP_DAYS = 365
    assert retention.prune().keys() == {"steps", "events", "trees", "ledger entries"}
    assert retention.prune() == {}
    for model in (RunStep, Event, LedgerEntry, Artifact):
        rows = model.objects.for_workspace(ended.workspace_id).values_list("run_id", flat=True)
        assert set(rows) == ({ended.pk} if model is Artifact else set()), "its diff stays"
        assert model.objects.for_workspace(live.workspace_id).filter(run_id=live.pk).exists(), "that run has not ended"
    diff = Artifact.objects.for_workspace(ended.workspace_id).get()
    assert artifacts.load(diff) == before
    assert TaskRun.objects.for_workspace(ended.workspace_id).filter(pk=ended.pk).exists()


def test_what_dead_processes_and_deleted_workspaces_left_on_the_disk_goes(
    tenant: Tenant, settings: Any, tmp_path: Path
) -> None:
    settings.MGX_DATA_DIR = tmp_path
    silent = ["runtime/another-host-1", "runtime/1"]
    gone = [*silent, f"cache/{uuid.uuid4()}", f"maps/{uuid.uuid4()}"]
    leftovers.hold_runtime()
    own = f"runtime/{leftovers.runtime_directory().name}"
    elsewhere = "runtime/another-host-7"
    stay = [own, elsewhere, f"cache/{tenant.workspace.pk}", "cache/locks", "runtime/shared"]
    for name in (*gone, *stay):
        (tmp_path / name / "deeper").mkdir(parents=True)
    (tmp_path / silent[0] / "deeper/file").touch()
    drafts = tmp_path / "artifacts" / draft_files.DRAFTS
    drafts.mkdir(parents=True)
    for name in ("old.part", "new.part"):
        (drafts / name).write_bytes(b"x")
    long_ago = (drafts / "new.part").stat().st_mtime - draft_files.DRAFT_AGE - 1
    os.utime(drafts / "old.part", (long_ago, long_ago))
    for name in (*silent, own, elsewhere):
        os.utime(tmp_path / name, (time.time() - leftovers.SILENT_SECONDS - 1,) * 2)
    os.utime(tmp_path / elsewhere)  # as `show_life` does there
    with tenant_wall.within():  # rows that can't be seen are not gone
        assert leftovers.prune() == {"runtime": 2, "drafts of artifacts": 1, "caches": 2}
    assert leftovers.prune() == {}
    assert all((tmp_path / name).is_dir() for name in stay) and not any((tmp_path / name).exists() for name in gone)
    assert [path.name for path in drafts.iterdir()] == ["new.part"]
    leftovers.show_life()
    assert time.time() - (tmp_path / own).stat().st_mtime < leftovers.SILENT_SECONDS


HOLDS = """
import os, sys
os.getpid = lambda: int(sys.argv[1])
import django
django.setup()
from runs.worker import leftovers
leftovers.hold_runtime()
print(leftovers.runtime_directory().name, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("seen_from_here", ["ended", "alive"])
def test_a_process_of_another_container_is_not_judged_by_its_id(
    tenant: Tenant, settings: Any, tmp_path: Path, seen_from_here: str
) -> None:
    """Its host has the same name; its id is here that of nobody, or that of somebody else."""
    settings.MGX_DATA_DIR = tmp_path
    nobody = subprocess.Popen(["true"])
    nobody.wait()
    pid = nobody.pid if seen_from_here == "ended" else os.getpid()
    env = {**os.environ, "MGX_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "mgx_project.settings"}
    argv = [sys.executable, "-c", HOLDS, str(pid)]
    with subprocess.Popen(argv, cwd=CHECKOUT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None and other.stdout is not None
        name = other.stdout.readline().strip()
        assert name.startswith(f"{socket.gethostname()}-{pid}-")
        assert leftovers.prune() == {} and (tmp_path / "runtime" / name).is_dir(), "it lives"
        other.kill()
        other.wait()
        assert leftovers.prune() == {"runtime": 1} and not (tmp_path / "runtime" / name).exists()
