"""Query parameters of the list of measured values."""

from __future__ import annotations

import django_filters

from .models import MetricSnapshot


class MetricFilter(django_filters.FilterSet):
    run_id = django_filters.UUIDFilter()
    task_id = django_filters.UUIDFilter()
    project_id = django_filters.UUIDFilter()

    class Meta:
        model = MetricSnapshot
        fields = ("name", "metric_type")
