"""The admin's menu and dashboard, grouped by what operators look for instead of by application."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

MENU = {
    "Work": ("runs.taskrun", "tasks.task", "projects.project", "repositories.repositorylink", "repositories.webhookdelivery"),
    "People": (
        "workspaces.workspace",
        "workspaces.membership",
        "workspaces.invitation",
        "workspaces.user",
        "workspaces.apitoken",
        "workspaces.signin",
        "workspaces.signincount",
    ),
    "Models and money": (
        "workspaces.modelconnection",
        "workspaces.budget",
        "workspaces.ledgerentry",
        "workspaces.meter",
        "metrics.metricsnapshot",
    ),
    "Records": ("workspaces.auditentry", "workspaces.event", "runs.approval", "runs.artifact"),
}
"""Group → models. Models that are not listed are in the last group."""
OTHERS = "Machinery"
NAMES = {
    "runs.taskrun": "Runs",
    "runs.handled": "Handled causes",
    "django_dramatiq.task": "Queue messages",
    "workspaces.signin": "Sign-ins",
    "workspaces.signincount": "Failed sign-ins",
    "workspaces.storedbytes": "Storage",
    "workspaces.formerspending": "Former spending",
}
"""Names in the menu that differ from the model's plural."""


class AdminSite(UnfoldAdminSite):
    index_template = "admin/runs/overview.html"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from runs.admin.dashboard import overview

        return super().index(request, {"overview": overview(request), "title": "Overview", **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The models that the operator may see, by ``MENU``; of one application, as Django has them."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = {model["model"]._meta.label_lower: model for app in apps for model in app["models"]}
        named = {label for labels in MENU.values() for label in labels}
        groups = {**MENU, OTHERS: tuple(label for label in models if label not in named)}
        return [
            {
                "name": title,
                "app_label": title.lower().replace(" ", "-"),
                "app_url": reverse("admin:index"),
                "has_module_perms": True,
                "models": [
                    {**models[label], "name": NAMES.get(label, models[label]["name"])} for label in labels if label in models
                ],
            }
            for title, labels in groups.items()
            if any(label in models for label in labels)
        ]


class AdminApp(AdminConfig):
    default_site = "mgx_project.admin_site.AdminSite"
