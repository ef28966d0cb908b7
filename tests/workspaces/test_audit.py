"""The audit log: nobody changes it, it outlives its workspace, and it holds no secret."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, connection, transaction
from django.test import Client

from mgx_project.common import clock
from runs import retention
from tests.conftest import Api, CallerInTests, MakeCaller
from tests.factories import PASSWORD, UserFactory
from workspaces.audit import REDACTED, differences, record_account, record_audit
from workspaces.models import AuditEntry, ModelConnection, Role, Workspace

pytestmark = pytest.mark.django_db
SECRET = "s3cret-of-the-test"


def entry_of(caller: CallerInTests, action: str = "x.y") -> AuditEntry:
    record_audit(principal=caller.principal, action=action, object_type="x", object_id=None)
    return AuditEntry.objects.for_workspace(caller.workspace.pk).order_by("-id").first()


def entries(caller: CallerInTests, action: str) -> list[dict[str, Any]]:
    return caller.api.get("/api/audit", {"action": action}).json()["items"]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entries SET username = 'eve'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"],
)
def test_the_database_refuses_to_change_an_entry(statement: str, owner: CallerInTests) -> None:
    entry = entry_of(owner)
    with pytest.raises(Error, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.across_tenants.get(pk=entry.pk).username == owner.user.username


def test_an_entry_that_a_process_of_the_release_before_writes_has_names_too(owner: CallerInTests) -> None:
    """It works on beside the new schema, and nobody may add them later."""
    columns = "(id, created_at, workspace_id, user_id, action, object_type, detail)"
    made = "(gen_random_uuid(), now(), %s, %s, 'x.y', 'x', %s)"
    with connection.cursor() as cursor:
        for user, by in ((owner.user.pk, "user:1"), (None, "account:octocat (github)")):
            values = [owner.workspace.pk, user, json.dumps({"by": by})]
            cursor.execute(f"INSERT INTO audit_entries {columns} VALUES {made}", values)
    found = set(AuditEntry.objects.for_workspace(owner.workspace.pk).values_list("workspace_slug", "username"))
    slug = owner.workspace.slug
    assert found == {(slug, owner.user.username), (slug, "account:octocat (github)")}


def test_retention_deletes_what_is_older_than_it_says_and_nothing_else(owner: CallerInTests, settings: Any) -> None:
    old, young = entry_of(owner, "old.one"), entry_of(owner, "young.one")
    with connection.cursor() as cursor:  # what nobody else may
        cursor.execute("ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_stay")
        AuditEntry.across_tenants.filter(pk=old.pk).update(created_at=clock.now() - timedelta(days=401))
        cursor.execute("ALTER TABLE audit_entries ENABLE TRIGGER audit_entries_stay")
    settings.MGX_KEEP_AUDIT_DAYS = 0
    assert "audit entries" not in retention.prune()
    settings.MGX_KEEP_AUDIT_DAYS = 400
    assert retention.prune()["audit entries"] == 1
    assert [entry.pk for entry in AuditEntry.across_tenants.filter(pk__in=[old.pk, young.pk])] == [young.pk]
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        AuditEntry.across_tenants.filter(pk=young.pk).delete()


def test_an_entry_outlives_its_workspace_and_its_user(owner: CallerInTests, signed_in: Any) -> None:
    workspace, slug, name = owner.workspace.pk, owner.workspace.slug, owner.user.username
    assert owner.api.delete(f"/api/workspaces/{workspace}").status_code == 204
    assert not Workspace.objects.filter(pk=workspace).exists()
    owner.user.delete()
    entry = AuditEntry.across_tenants.get(action="workspace.deleted", workspace_id=workspace)
    assert (entry.workspace_slug, entry.username, entry.detail["slug"]) == (slug, name, slug)
    root = UserFactory(is_staff=True, is_superuser=True)
    browser = Client()
    browser.force_login(root)
    listed = browser.get("/admin/workspaces/auditentry/").content.decode()
    assert slug in listed and "workspace.deleted" in listed
    assert slug in browser.get(f"/admin/workspaces/auditentry/{entry.pk}/change/").content.decode()


def test_an_entry_says_from_where_and_in_which_request(owner: CallerInTests) -> None:
    answer = owner.api.post("/api/tasks", {"description": "Do it"}, REMOTE_ADDR="192.0.2.7")
    (entry,) = entries(owner, "task.created")
    assert (entry["address"], entry["request_id"]) == ("192.0.2.7", answer["X-Request-Id"])
    assert entry["user"] == {"id": str(owner.user.pk), "username": owner.user.username}
    assert entry_of(owner).address == "", "what no request does has no address"


def test_a_change_is_shown_before_and_after_without_secrets(owner: CallerInTests) -> None:
    made = owner.api.post("/api/models", {"name": "m", "kind": "openai", "model": "gpt-5", "api_key": SECRET}).json()
    owner.api.patch(f"/api/models/{made['id']}", {"api_key": f"{SECRET}-2", "model": "gpt-6"})
    (entry,) = entries(owner, "model.changed")
    assert entry["changes"] == {
        "api_key": {"before": REDACTED, "after": REDACTED},
        "model": {"before": "gpt-5", "after": "gpt-6"},
    }
    owner.api.patch(f"/api/workspaces/{owner.workspace.pk}", {"metadata": {"ci": {"deploy_token": SECRET, "team": "a"}}})
    (entry,) = entries(owner, "workspace.changed")
    assert entry["changes"]["metadata"]["after"] == {"ci": {"deploy_token": REDACTED, "team": "a"}}
    assert SECRET not in str(list(AuditEntry.across_tenants.values()))


def test_of_long_values_only_the_length_is_kept_and_what_is_the_same_is_left_out() -> None:
    found = differences(ModelConnection, {"name": "a", "model": "m"}, {"name": "b" * 9_000, "model": "m"})
    assert found == {"name": {"before": "a", "after": "(9,000 characters)"}}


def test_signing_in_and_out_is_recorded_outside_any_workspace(make_caller: MakeCaller) -> None:
    caller = make_caller(Role.OWNER)
    pair = Api().post("/api/auth/token", {"username": caller.user.username, "password": PASSWORD}).json()
    Api().post("/api/auth/revoke", {"refresh": pair["refresh"]})
    found = AuditEntry.across_tenants.filter(object_id=caller.user.pk, workspace=None).order_by("id")
    assert list(found.values_list("action", flat=True)) == ["account.signed_in", "account.signed_out"]
    assert PASSWORD not in str(list(found.values()))
    assert "account.signed_in" not in str(caller.api.get("/api/audit").json()), "other workspaces of theirs are not told"


def test_a_refresh_token_that_comes_twice_is_recorded(make_caller: MakeCaller) -> None:
    caller = make_caller(Role.OWNER)
    pair = Api().post("/api/auth/token", {"username": caller.user.username, "password": PASSWORD}).json()
    answers = [Api().post("/api/auth/refresh", {"refresh": pair["refresh"]}).status_code for _ in range(2)]
    assert answers == [200, 401]
    assert AuditEntry.across_tenants.filter(action="account.sign_in_ended", object_id=caller.user.pk).exists()


def lines(answer: Any) -> list[dict[str, Any]]:
    async def read() -> bytes:
        return b"".join([chunk async for chunk in answer.streaming_content])

    return [json.loads(line) for line in asyncio.run(read()).splitlines()]


@pytest.mark.django_db(transaction=True)
def test_the_whole_log_is_exported_as_lines_in_order(owner: CallerInTests, stranger: CallerInTests) -> None:
    for number in range(5):
        record_audit(principal=owner.principal, action=f"x.n{number}", object_type="x", object_id=None)
    record_audit(principal=stranger.principal, action="x.foreign", object_type="x", object_id=None)
    answer = owner.api.get("/api/audit/export")
    assert answer["Content-Type"] == "application/x-ndjson"
    exported = lines(answer)
    assert [row["action"] for row in exported] == [f"x.n{number}" for number in range(5)]
    assert exported[0] == owner.api.get("/api/audit?order=created_at").json()["items"][0]
    assert [row["action"] for row in lines(owner.api.get("/api/audit/export?action=x.n3"))] == ["x.n3"]
    since = exported[3]["created_at"]
    assert [row["action"] for row in lines(owner.api.get("/api/audit/export", {"since": since}))] == ["x.n3", "x.n4"]


@pytest.mark.django_db(transaction=True)
def test_the_export_reads_a_page_at_a_time(owner: CallerInTests, monkeypatch: pytest.MonkeyPatch) -> None:
    from workspaces import audit_export

    monkeypatch.setattr(audit_export, "PAGE", 2)
    for number in range(7):
        record_audit(principal=owner.principal, action=f"x.n{number}", object_type="x", object_id=None)
    assert [row["action"] for row in lines(owner.api.get("/api/audit/export"))] == [f"x.n{number}" for number in range(7)]


def test_the_export_is_for_admins(owner: CallerInTests, make_caller: MakeCaller) -> None:
    assert make_caller(Role.DEVELOPER, owner.workspace).api.get("/api/audit/export").status_code == 403
    assert owner.api.get("/api/audit/export?limit=3").status_code == 400


def test_what_an_operator_does_with_an_account_is_recorded() -> None:
    root, user = UserFactory(is_staff=True, is_superuser=True), UserFactory()
    browser = Client()
    browser.force_login(root)
    page = f"/admin/workspaces/user/{user.pk}/"
    browser.post(f"{page}password/", {"password1": "another long one", "password2": "another long one"})
    form = {"username": user.username, "first_name": "Ada", "email": user.email, "is_active": "on"}
    assert browser.post(f"{page}change/", form).status_code == 302
    new = {"username": "eve", "password1": "another long one", "password2": "another long one", "usable_password": "true"}
    assert browser.post("/admin/workspaces/user/add/", new).status_code == 302
    done = AuditEntry.across_tenants.filter(user=root, workspace=None).exclude(action="account.signed_in").order_by("id")
    assert list(done.values_list("action", flat=True)) == ["account.changed", "account.changed", "account.created"]
    assert done[1].changes["first_name"] == {"before": "", "after": "Ada"}
    assert "another long one" not in str(list(done.values()))


def test_an_account_act_without_a_person_names_the_server() -> None:
    record_account(user=None, by="server", action="x", account=UserFactory())
    assert AuditEntry.across_tenants.get(action="account.x").username == "server"
