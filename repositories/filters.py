"""Query parameters of the list of repository links."""

from __future__ import annotations

import django_filters

from .models import RepositoryLink


class RepositoryFilter(django_filters.FilterSet):
    project_id = django_filters.UUIDFilter()
    refreshing = django_filters.BooleanFilter("refresh_asked_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = RepositoryLink
        fields = ("project_id", "status", "is_primary", "provider", "repo_full_name")
