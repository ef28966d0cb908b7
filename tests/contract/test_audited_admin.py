"""Every act of the admin has an entry in the audit log: adding, changing and deleting rows, and the buttons of their pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from projects.models import Project
from repositories.models import RepositoryLink, WebhookDelivery
from runs.models import OutgoingComment, TaskRun
from runs.models.run_state import Status
from tasks.models import Task
from tests.conftest import CallerInTests, MakeCaller
from tests.contract.test_audited_acts import DONE, Scene, origin
from tests.factories import MembershipFactory, ProjectFactory, TaskFactory, UserFactory
from workspaces import models as w
from workspaces.tokens import create_api_token

__all__ = ["origin"]
pytestmark = pytest.mark.django_db
NO_SERVICE = {
    "repositorylink.webhook": "needs a hosting service: tests/repositories/hosting/test_admin.py",
    "taskrun.changes": "decides through the service that the API's walk covers: tests/runs/test_admin_changes.py",
}
SPARE = "another long one"


def acts() -> set[str]:
    """`model.act` for everything that a superuser may do, read from the registry."""
    request = RequestFactory().get("/admin/")
    request.user = w.User(is_active=True, is_staff=True, is_superuser=True)
    found = set()
    for model, page in admin.site._registry.items():
        name = model._meta.model_name
        found |= {f"{name}.add"} if page.has_add_permission(request) else set()
        found |= {f"{name}.change"} if page.has_change_permission(request) else set()
        found |= {f"{name}.delete"} if page.has_delete_permission(request) else set()
        found |= {f"{name}.{act}" for act in getattr(page, "actions_detail", None) or ()}
    return found


def _delivery(s: Scene) -> WebhookDelivery:
    link = s.link()
    return WebhookDelivery.objects.create(
        workspace=s.workspace, link=link, delivery_id="d", event="push", payload={}, error="broken", processed_at=timezone.now()
    )


def _comment(s: Scene) -> OutgoingComment:
    return OutgoingComment.objects.create(workspace=s.workspace, link_id=s.link().pk, key="k", attempts=9, due_at=None)


def _project(s: Scene) -> str:
    return str(Project.objects.for_workspace(s.workspace.pk).get(slug="default").pk)


def _token(s: Scene) -> w.ApiToken:
    member = MembershipFactory(workspace=s.workspace)
    return create_api_token(workspace_id=s.workspace.pk, user=member.user, name="t", role=w.Role.VIEWER)[0]


ROWS: dict[str, tuple[Any, Callable[[Scene], Any]]] = {
    "budget": (w.Budget, lambda s: s.budget()),
    "modelconnection": (w.ModelConnection, lambda s: s.model()),
    "membership": (w.Membership, lambda s: MembershipFactory(workspace=s.workspace, role="developer")),
    "invitation": (w.Invitation, lambda s: s.invitation()[0]),
    "apitoken": (w.ApiToken, _token),
    "user": (w.User, lambda s: UserFactory()),
    "workspace": (w.Workspace, lambda s: s.workspace),
    "project": (Project, lambda s: ProjectFactory(workspace=s.workspace)),
    "task": (Task, lambda s: TaskFactory(workspace=s.workspace)),
    "repositorylink": (RepositoryLink, lambda s: s.link()),
    "webhookdelivery": (WebhookDelivery, _delivery),
    "outgoingcomment": (OutgoingComment, _comment),
    "taskrun": (TaskRun, lambda s: s.run()),
}
RUNS: dict[str, dict[str, Any]] = {
    "resume": {"status": Status.PAUSED, "pause_reason": "budget", "paused_from": Status.EXECUTING},
    "continue_run": DONE,
    "retry": DONE,
}
CHANGED: dict[str, dict[str, Any]] = {
    "budget": {"max_calls": "7"}, "membership": {"role": "viewer"}, "task": {"name": "Renamed"}, "user": {"first_name": "Ada"},
    "modelconnection": {"name": "renamed"}, "workspace": {"name": "Renamed"}, "project": {"name": "Renamed"},
}  # fmt: skip
ADDED: dict[str, dict[str, Any]] = {
    "budget": {"max_calls": "7", "period": "month"}, "modelconnection": {"name": "x", "kind": "offline"},
    "membership": {"role": "viewer"}, "apitoken": {"name": "t", "role": "viewer"}, "invitation": {"role": "viewer"},
    "user": {"username": "eve", "password1": SPARE, "password2": SPARE, "usable_password": "true"},
    "workspace": {"name": "New", "slug": "quite-new"}, "repositorylink": {},
}  # fmt: skip


def test_every_act_of_the_admin_is_here() -> None:
    assert {act.partition(".")[0] for act in acts()} == ROWS.keys()
    assert {act.partition(".")[0] for act in acts() if act.endswith(".add")} == ADDED.keys()
    assert {act.partition(".")[0] for act in acts() if act.endswith(".change")} == CHANGED.keys()
    assert acts() > NO_SERVICE.keys()


@pytest.mark.parametrize("act", sorted(acts() - NO_SERVICE.keys()))
def test_an_act_of_an_operator_has_an_entry(act: str, owner: CallerInTests, make_caller: MakeCaller, origin: Path) -> None:
    scene, (name, verb) = Scene(owner, make_caller, origin), act.split(".")
    root = UserFactory(is_staff=True, is_superuser=True)
    MembershipFactory(user=root, workspace=owner.workspace)
    browser = Client()
    browser.force_login(root)
    model, make = ROWS[name]
    row = None if verb == "add" else scene.run(**RUNS[verb]) if verb in RUNS else make(scene)
    path = reverse(f"admin:{model._meta.app_label}_{name}_{verb}", args=[row.pk] if row is not None else [])
    body = {"post": "yes", "plan_version": "1", "feedback": "Go on." if verb == "continue_run" else ""}
    if verb in ("add", "change"):
        body = filled(browser.get(path)) | (ADDED if verb == "add" else CHANGED)[name]
        chosen = {
            "workspace": str(owner.workspace.pk),
            "account": UserFactory().username,
            "url": scene.origin,
            "project": _project(scene),
        }
        body |= {field: value for field, value in chosen.items() if field in body and verb == "add"}
    before = set(w.AuditEntry.across_tenants.values_list("pk", flat=True))
    answer = browser.post(path, body)
    form = answer.context and (answer.context.get("adminform") or answer.context.get("form"))
    assert answer.status_code in (200, 302), form
    entries = list(w.AuditEntry.across_tenants.exclude(pk__in=before))
    assert entries, form and getattr(form, "errors", "")
    assert {entry.username for entry in entries} == {root.username}


def filled(page: Any) -> dict[str, Any]:
    """The form as the page shows it, and the management forms of its tables."""
    shown = page.context.get("adminform")
    form = shown.form if shown is not None else page.context["form"]
    found = {field: _sent(form[field].value()) for field in form.fields}
    for table in page.context.get("inline_admin_formsets") or ():
        for form in (table.formset.management_form, *table.formset.forms):
            found |= {form.add_prefix(field): _sent(form[field].value()) for field in form.fields}
    return {field: value for field, value in found.items() if value is not False}


def _sent(value: Any) -> Any:
    return "" if value is None else str(value) if not isinstance(value, bool | list) else value
