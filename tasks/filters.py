"""Query parameters of the tasks' list."""

from __future__ import annotations

import django_filters

from .models import Task


class TaskFilter(django_filters.FilterSet):
    project_id = django_filters.UUIDFilter()
    repository_id = django_filters.UUIDFilter()
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="Text that the name contains.")

    class Meta:
        model = Task
        fields = ("status", "stack", "source")
