"""Query parameters of the projects' list."""

from __future__ import annotations

import django_filters

from .models import Project


class ProjectFilter(django_filters.FilterSet):
    class Meta:
        model = Project
        fields = ("slug",)
