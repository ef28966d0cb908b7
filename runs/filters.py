"""Query parameters of the runs' list."""

from __future__ import annotations

import django_filters

from .models import TaskRun
from .models.run import Status


class RunFilter(django_filters.FilterSet):
    task_id = django_filters.UUIDFilter()
    project_id = django_filters.UUIDFilter()
    status = django_filters.MultipleChoiceFilter(choices=Status.choices)
    run_number = django_filters.NumberFilter(min_value=1, max_value=2**31 - 1)

    class Meta:
        model = TaskRun
        fields = ("task_id", "project_id", "status", "run_number")
