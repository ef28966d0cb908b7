"""The admin: every model is there, operators see their tenants and no secrets, and a list costs the same for many rows."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from metrics.models import MetricSnapshot
from projects.models import Project
from repositories.models import RepositoryLink, WebhookDelivery
from runs.models import (
    Approval,
    Artifact,
    ChangeRound,
    FileToRemove,
    OutgoingComment,
    ProcessedWebhook,
    RunStep,
    ScheduledJob,
    SteerMessage,
    TaskRun,
)
from tasks.models import Task
from tests.factories import MembershipFactory, ProjectFactory, RepositoryLinkFactory, TaskFactory, TaskRunFactory, UserFactory
from workspaces import models as w

pytestmark = pytest.mark.django_db

SECRET = "s3cret-that-nobody-sees"
OURS = ("workspaces", "projects", "tasks", "repositories", "runs", "metrics")
LONG_AGO = timezone.now().replace(microsecond=0)


def make(model: Any, workspace: w.Workspace, n: int) -> Any:
    """A row of ``model`` in ``workspace``, with relations of its own so that a forgotten join shows."""
    new: Callable[..., Any] = getattr(model, "across_tenants", model._default_manager).create
    tenant: dict[str, Any] = {"workspace": workspace}
    key = {"digest": f"{SECRET}-{uuid.uuid4().hex}"[:64]}
    makers: dict[Any, Callable[[], Any]] = {
        w.Workspace: lambda: workspace,
        w.Membership: lambda: MembershipFactory(workspace=workspace, role="developer"),
        w.ApiToken: lambda: new(**tenant, **key, user=UserFactory(), name=f"t{n}", prefix="mgx_x", role="viewer"),
        w.WsTicket: lambda: new(**tenant, **key, user=UserFactory(), expires_at=LONG_AGO),
        w.Departure: lambda: new(**tenant, user=UserFactory(), at=LONG_AGO),
        w.Invitation: lambda: new(**tenant, **key, role="viewer", created_by=UserFactory(), expires_at=LONG_AGO),
        w.ModelConnection: lambda: new(**tenant, name=f"m{n}", kind="openai", api_key=SECRET),
        w.Budget: lambda: new(**tenant, project_id=uuid.uuid4()),
        w.LedgerEntry: lambda: new(**tenant, project_id=uuid.uuid4(), run_id=uuid.uuid4(), step_key="k", reserved_tokens=1),
        w.Meter: lambda: new(**tenant, scope="run", scope_id=uuid.uuid4()),
        w.StoredBytes: lambda: w.StoredBytes.across_tenants.update_or_create(**tenant, defaults={"size": n})[0],
        w.AuditEntry: lambda: new(**tenant, user=UserFactory(), action="x.y", object_type="x"),
        w.IdempotencyRecord: lambda: new(**tenant, principal="p", route="r", key=f"k{n}", body_digest="d", status=200),
        w.RelayCursor: lambda: new(**tenant, topic=f"t{n}", position=n),
        w.Event: lambda: new(**tenant, position=n + 1, type="progress", created_at=LONG_AGO),
        Project: lambda: ProjectFactory(**tenant),
        Task: lambda: TaskFactory(**tenant, project=ProjectFactory(**tenant)),
        RepositoryLink: lambda: RepositoryLinkFactory(
            **tenant, project=ProjectFactory(**tenant), credential=SECRET, webhook_secret=SECRET
        ),
        WebhookDelivery: lambda: new(
            **tenant, link=make(RepositoryLink, workspace, n), delivery_id=f"d{n}", event="push", payload={"token": SECRET}
        ),
        TaskRun: lambda: TaskRunFactory(**tenant, task=make(Task, workspace, n), created_by=UserFactory()),
        RunStep: lambda: new(
            **tenant, run=make(TaskRun, workspace, n), key="k", kind="model", input_digest="d", started_at=LONG_AGO
        ),
        Approval: lambda: new(
            **tenant, run=make(TaskRun, workspace, n), plan_version=1, approved=True, plan={}, decided_by=UserFactory()
        ),
        SteerMessage: lambda: new(**tenant, run=make(TaskRun, workspace, n), number=1, text="x", by="ada"),
        ChangeRound: lambda: new(**tenant, run=make(TaskRun, workspace, n), number=1, decided_by=UserFactory()),
        ProcessedWebhook: lambda: new(**tenant, link_id=uuid.uuid4(), key=f"k{n}"),
        OutgoingComment: lambda: new(**tenant, link_id=uuid.uuid4(), key=f"k{n}"),
        Artifact: lambda: new(
            **tenant, run=make(TaskRun, workspace, n), name="a", kind="log", content_type="text/plain", size=1, sha256="s",
            path="p",
        ),
        MetricSnapshot: lambda: new(
            **tenant, run_id=uuid.uuid4(), name="n", metric_type="gauge", value=1.0, timestamp=LONG_AGO
        ),
    }  # fmt: skip
    return makers[model]()


MODELS = [
    w.Workspace, w.Membership, w.ApiToken, w.WsTicket, w.ModelConnection, w.Budget, w.LedgerEntry, w.Meter, w.AuditEntry,
    w.StoredBytes,
    w.IdempotencyRecord, w.Event, Project, Task, RepositoryLink, WebhookDelivery, TaskRun, RunStep, Approval, Artifact,
    SteerMessage, ChangeRound, OutgoingComment, ProcessedWebhook, MetricSnapshot, w.Departure, w.Invitation, w.RelayCursor,
]  # fmt: skip
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


def page(model: Any, name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def client_of(user: w.User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def operator() -> w.Membership:
    return MembershipFactory(user=UserFactory(is_staff=True), role="owner")


@pytest.fixture
def browser(operator: w.Membership) -> Client:
    return client_of(operator.user)


@pytest.fixture
def superuser() -> w.User:
    user: w.User = UserFactory(is_staff=True, is_superuser=True)
    return user


def test_every_model_is_registered() -> None:
    ours = {model for label in OURS for model in apps.get_app_config(label).get_models()}
    assert ours <= set(admin.site._registry)
    assert ours == {*MODELS, w.User, w.FormerSpending, w.SignIn, w.SignInCount, w.RelayLease, ScheduledJob, FileToRemove}
    assert {model._meta.app_label for model in admin.site._registry} == set(OURS)


def test_only_superusers_see_what_belongs_to_no_tenant(browser: Client, superuser: w.User) -> None:
    w.FormerSpending.objects.create(period="2026-01", tokens=7)
    assert browser.get(page(w.FormerSpending, "changelist")).status_code == 403
    seen = client_of(superuser)
    assert seen.get(page(w.FormerSpending, "changelist")).context["cl"].result_count == 1
    assert seen.get(page(w.FormerSpending, "add")).status_code == 403
    shown = seen.post(page(w.FormerSpending, "change", "2026-01"), {"tokens": 0})
    assert shown.status_code == 403
    assert w.FormerSpending.objects.get().tokens == 7
    assert browser.get(page(w.SignInCount, "changelist")).status_code == 403
    assert seen.get(page(w.SignInCount, "changelist")).status_code == 200


def test_an_operator_sets_limits_by_the_rules_of_the_api(operator: w.Membership, browser: Client) -> None:
    path = page(w.Workspace, "change", operator.workspace.pk)
    form = {"name": "Acme", "slug": "acme", "metadata": "{}", "server_model": "true"}
    many = {f"memberships-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    refused = browser.post(path, {**form, **many, "limits": '{"project": 1}'})
    assert "Unknown limit" in refused.content.decode()
    assert browser.post(path, {**form, **many, "limits": '{"projects": 4}'}).status_code == 302
    operator.workspace.refresh_from_db()
    assert (operator.workspace.limits, operator.workspace.server_model) == ({"projects": 4}, True)


@each_model
def test_an_operator_sees_their_tenant_only(model: Any, operator: w.Membership, browser: Client) -> None:
    mine = make(model, operator.workspace, 1)
    other = MembershipFactory(role="owner").workspace
    theirs = make(model, other, 2)
    listed = browser.get(page(model, "changelist"))
    assert listed.status_code == 200
    assert {row.pk for row in listed.context["cl"].result_list} & {mine.pk, theirs.pk} == {mine.pk}
    assert other.slug not in listed.content.decode()
    shown = browser.get(page(model, "change", mine.pk))
    assert shown.status_code == 200
    assert browser.get(page(model, "change", theirs.pk)).status_code == 302
    assert browser.get(page(model, "history", theirs.pk)).status_code in {302, 403, 404}
    assert browser.get(page(model, "delete", theirs.pk)).status_code in {302, 403, 404}
    foreign = browser.get(page(model, "changelist"), {"workspace": str(other.pk)})
    if foreign.status_code == 200:
        assert theirs.pk not in {row.pk for row in foreign.context["cl"].result_list}
    for answer in (listed, shown):
        assert SECRET not in answer.content.decode()


@each_model
def test_secrets_are_hidden_from_superusers_too(model: Any) -> None:
    root = client_of(UserFactory(is_staff=True, is_superuser=True))
    row = make(model, MembershipFactory().workspace, 1)
    for url in (page(model, "changelist"), page(model, "change", row.pk)):
        answer = root.get(url)
        assert answer.status_code == 200
        assert SECRET not in answer.content.decode()


@each_model
def test_a_list_costs_the_same_for_many(
    model: Any, operator: w.Membership, browser: Client, django_assert_num_queries: Any
) -> None:
    make(model, operator.workspace, 1)
    make(model, operator.workspace, 2)
    url = page(model, "changelist")
    browser.get(url)
    with CaptureQueriesContext(connection) as few:
        browser.get(url)
    for n in range(3, 15):
        make(model, operator.workspace, n)
    with django_assert_num_queries(len(few)):
        browser.get(url)
    assert len(few) <= 12


@each_model
def test_developers_and_outsiders_see_nothing(model: Any) -> None:
    membership = MembershipFactory(user=UserFactory(is_staff=True), role="developer")
    row = make(model, membership.workspace, 1)
    developer = client_of(membership.user)
    assert developer.get(page(model, "changelist")).status_code == 403
    assert developer.get(page(model, "change", row.pk)).status_code in {302, 403}
    nobody = client_of(MembershipFactory(role="owner").user)
    assert nobody.get(page(model, "changelist")).status_code == 302


APPEND_ONLY = [
    w.Event, w.AuditEntry, w.LedgerEntry, w.Meter, w.IdempotencyRecord, RunStep, Artifact, Approval, MetricSnapshot, TaskRun,
]  # fmt: skip


@pytest.mark.parametrize("model", APPEND_ONLY, ids=lambda model: model.__name__)
def test_the_record_can_only_be_read(model: Any, operator: w.Membership, browser: Client) -> None:
    for client in (browser, client_of(UserFactory(is_staff=True, is_superuser=True))):
        row = make(model, operator.workspace, client is browser)
        assert client.get(page(model, "add")).status_code == 403
        assert client.post(page(model, "change", row.pk), {"workspace": ""}).status_code == 403
        assert client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_a_change_is_audited_and_keeps_the_tenant(operator: w.Membership, browser: Client) -> None:
    project = ProjectFactory(workspace=operator.workspace)
    other = MembershipFactory(user=operator.user, role="owner").workspace
    body = {"name": "New name", "description": "", "approval_policy": "admins", "review_remarks": "asked", "program_runs": "3"}
    body |= {"workspace": str(other.pk), "slug": "other"}
    assert browser.post(page(Project, "change", project.pk), body).status_code == 302
    project.refresh_from_db()
    assert (project.name, project.workspace_id) == ("New name", operator.workspace_id)
    entry = w.AuditEntry.across_tenants.exclude(action="account.signed_in").get()
    assert (entry.action, entry.user, entry.workspace_id) == ("project.changed", operator.user, operator.workspace_id)


def test_an_admin_does_not_make_themselves_owner(operator: w.Membership) -> None:
    membership = MembershipFactory(user=UserFactory(is_staff=True), workspace=operator.workspace, role="admin")
    answer = client_of(membership.user).post(page(w.Membership, "change", membership.pk), {"role": "owner"})
    assert answer.status_code in {302, 403}
    membership.refresh_from_db()
    assert membership.role == "admin"


def test_the_last_owner_stays(operator: w.Membership, browser: Client) -> None:
    answer = browser.post(page(w.Membership, "change", operator.pk), {"role": "viewer"}, follow=True)
    operator.refresh_from_db()
    assert operator.role == "owner"
    assert "last owner" in answer.content.decode()
    browser.post(page(w.Membership, "delete", operator.pk), {"post": "yes"})
    assert w.Membership.objects.filter(pk=operator.pk).exists()


def test_only_superusers_manage_accounts(browser: Client) -> None:
    assert browser.get(reverse("admin:workspaces_user_changelist")).status_code == 403
    root = client_of(UserFactory(is_staff=True, is_superuser=True))
    other = UserFactory()
    assert root.get(reverse("admin:workspaces_user_changelist")).status_code == 200
    shown = root.get(reverse("admin:workspaces_user_change", args=[other.pk]))
    assert shown.status_code == 200
    assert other.password not in shown.content.decode()
    assert root.get(reverse("admin:workspaces_user_add")).status_code == 200


def test_a_superuser_makes_a_workspace_with_its_default_project() -> None:
    user = UserFactory(is_staff=True, is_superuser=True)
    answer = client_of(user).post(page(w.Workspace, "add"), {"name": "Acme", "slug": "acme"})
    assert answer.status_code == 302
    workspace = w.Workspace.objects.get(slug="acme")
    assert Project.objects.for_workspace(workspace.pk).get().slug == "default"
    assert w.Membership.objects.get(workspace=workspace).user == user


def test_the_index_lists_every_room(browser: Client) -> None:
    text = browser.get(reverse("admin:index")).content.decode()
    for model in MODELS:
        assert page(model, "changelist") in text


def test_the_menu_goes_by_what_operators_look_for(superuser: w.User) -> None:
    """Applications come one after the other by the order that their pages name; a page that names none is in the last group."""
    shown = client_of(superuser).get(reverse("admin:index")).context["app_list"]
    listed = {group["name"]: [str(model["model"]._meta.label_lower) for model in group["models"]] for group in shown}
    machinery = listed.pop("Machinery")
    assert list(listed.items()) == [
        (
            "Work",
            ["runs.taskrun", "tasks.task", "projects.project", "repositories.repositorylink", "repositories.webhookdelivery"],
        ),
        (
            "People",
            [
                *("workspaces.workspace", "workspaces.membership", "workspaces.invitation", "workspaces.user"),
                *("workspaces.apitoken", "workspaces.signin", "workspaces.signincount"),
            ],
        ),
        (
            "Models and money",
            [
                *("workspaces.modelconnection", "workspaces.budget", "workspaces.ledgerentry", "workspaces.meter"),
                "metrics.metricsnapshot",
            ],
        ),
        ("Records", ["workspaces.auditentry", "workspaces.event", "runs.approval", "runs.artifact"]),
    ]
    assert {"runs.runstep", "workspaces.storedbytes"} < set(machinery)
    every = {model["model"] for group in shown for model in group["models"]}
    assert every == set(admin.site._registry)
    names = {str(model["model"]._meta.label_lower): model["name"] for group in shown for model in group["models"]}
    assert names["runs.taskrun"] == "Runs"
    assert names["workspaces.storedbytes"] == "Storage"
    assert names["workspaces.budget"] == "Budgets"


def test_in_the_admin_a_refusal_is_a_page_for_browsers(superuser: w.User) -> None:
    browser = client_of(superuser)
    refused = browser.get("/admin/workspaces/ledgerentry/add/", headers={"Accept": "text/html,*/*"})
    assert refused.status_code == 403
    assert refused["Content-Type"].startswith("text/html")
    assert "You may not do this." in refused.content.decode()
    lost = browser.get("/admin/<b>/", headers={"Accept": "text/html"})
    assert lost.status_code == 404
    assert "<b>" not in lost.content.decode()
    assert browser.get("/admin/nowhere/").json()["code"] == "not_found"
