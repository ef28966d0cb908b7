"""The admin's menu and dashboard, grouped by what operators look for instead of by application.

The menu is collected from the pages: each declares its position as `ModelAdmin.menu` (`common.admin_menu`).
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

from .common.admin_menu import MenuEntry, MenuGroup

HIDDEN = frozenset({"django_dramatiq.task"})
"""Tables of packages that stay empty here: messages are in Redis, and rows of ours say what is due."""


class AdminSite(UnfoldAdminSite):
    index_template = "admin/runs/overview.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Asked before each page, which sees the rows of the operator's tenants: of all, where that is a superuser."""
        from workspaces.admin.operators import open_wall

        allowed = bool(super().has_permission(request))
        if allowed:
            open_wall(request)
        return allowed

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from runs.admin.dashboard import overview

        return super().index(request, {"overview": overview(request), "title": "Overview", **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The models that the operator may see, by group; of one application, as Django has them."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        pages = [(self._place(model["model"]), model) for app in apps for model in app["models"]]
        pages.sort(key=lambda page: page[0].order)
        return [
            {
                "name": group.value,
                "app_label": group.lower().replace(" ", "-"),
                "app_url": reverse("admin:index"),
                "has_module_perms": True,
                "models": [{**model, "name": place.label or model["name"]} for place, model in pages if place.group == group],
            }
            for group in MenuGroup
            if any(place.group == group for place, _ in pages)
        ]

    def _place(self, model: Any) -> MenuEntry:
        place: MenuEntry = getattr(self._registry[model], "menu", MenuEntry())
        return place

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: list[Any] = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        super().register([model for model in models if model._meta.label_lower not in HIDDEN], admin_class, **options)


class AdminApp(AdminConfig):
    default_site = "mgx_project.admin_site.AdminSite"
