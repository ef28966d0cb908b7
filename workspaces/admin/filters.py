"""Filters beside the lists of the admin that all applications use."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ..models import Workspace
from .operators import operated, sees_all

MAX_CHOICES = 200


class WorkspaceFilter(admin.SimpleListFilter):
    """Offers only the workspaces that the operator administers."""

    title = "workspace"
    parameter_name = "workspace"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        workspaces = Workspace.objects.all() if sees_all(request) else Workspace.objects.filter(pk__in=operated(request))
        return [(str(pk), slug) for pk, slug in workspaces.order_by("slug").values_list("id", "slug")[:MAX_CHOICES]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        try:
            return queryset.filter(workspace_id=uuid.UUID(self.value())) if self.value() else queryset
        except ValueError:
            return queryset.none()
