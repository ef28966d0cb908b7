"""Query parameters of the runs' list."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet

from mgx_project.common.filtering import with_id_prefix

from .models import TaskRun
from .models.run_state import WAITING_FOR_PEOPLE, Status


class RunFilter(django_filters.FilterSet):
    task_id = django_filters.UUIDFilter()
    project_id = django_filters.UUIDFilter()
    status = django_filters.MultipleChoiceFilter(choices=Status.choices)
    id_prefix = django_filters.CharFilter(method="begins_with", help_text="The first hexadecimal digits of the id.")
    repository_id = django_filters.UUIDFilter(field_name="task__repository_id", help_text="Runs of tasks for this link.")
    run_number = django_filters.NumberFilter(min_value=1, max_value=2**31 - 1)
    waits_for_person = django_filters.BooleanFilter(
        method="is_waiting", help_text="Runs in which nothing happens until somebody decides, or the others."
    )

    class Meta:
        model = TaskRun
        fields = ("task_id", "project_id", "repository_id", "status", "run_number", "id_prefix", "waits_for_person")

    def begins_with(self, queryset: QuerySet[TaskRun], name: str, value: str) -> QuerySet[TaskRun]:
        return with_id_prefix(queryset, value)

    def is_waiting(self, queryset: QuerySet[TaskRun], name: str, value: bool) -> QuerySet[TaskRun]:
        waiting = {"status__in": WAITING_FOR_PEOPLE}
        return queryset.filter(**waiting) if value else queryset.exclude(**waiting)
