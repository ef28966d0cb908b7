"""Query parameters of the runs' list."""

from __future__ import annotations

import re
import uuid

import django_filters
from django.db.models import QuerySet

from .models import TaskRun
from .models.run_state import Status


class RunFilter(django_filters.FilterSet):
    task_id = django_filters.UUIDFilter()
    project_id = django_filters.UUIDFilter()
    status = django_filters.MultipleChoiceFilter(choices=Status.choices)
    id_prefix = django_filters.CharFilter(method="begins_with", help_text="The first hexadecimal digits of the id.")
    run_number = django_filters.NumberFilter(min_value=1, max_value=2**31 - 1)

    class Meta:
        model = TaskRun
        fields = ("task_id", "project_id", "status", "run_number", "id_prefix")

    def begins_with(self, queryset: QuerySet[TaskRun], name: str, value: str) -> QuerySet[TaskRun]:
        """Ids between the smallest and the greatest with these digits: a range, so the primary key's index serves it."""
        digits = value.replace("-", "").lower()
        if not re.fullmatch("[0-9a-f]{1,32}", digits):
            return queryset.none()
        return queryset.filter(id__range=(uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))))
