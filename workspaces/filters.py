"""Query parameters of the audit log."""

from __future__ import annotations

import django_filters

from .models import AuditEntry


class AuditFilter(django_filters.FilterSet):
    # by id alone: a choice among rows would be one among the accounts of the server, and its error would tell which there are
    user = django_filters.UUIDFilter(field_name="user_id")
    since = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte", help_text="This moment, and later.")
    until = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt", help_text="Before this moment.")

    class Meta:
        model = AuditEntry
        fields = ("action", "object_type", "object_id")
