"""Query parameters of the tasks' list."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet

from mgx_project.common.filtering import with_id_prefix

from .models import Task


class TaskFilter(django_filters.FilterSet):
    project_id = django_filters.UUIDFilter()
    repository_id = django_filters.UUIDFilter()
    id_prefix = django_filters.CharFilter(method="begins_with", help_text="The first hexadecimal digits of the id.")
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="Text that the name contains.")

    class Meta:
        model = Task
        fields = ("status", "stack", "source")

    def begins_with(self, queryset: QuerySet[Task], name: str, value: str) -> QuerySet[Task]:
        return with_id_prefix(queryset, value)
