"""The audit log, for admins."""

from __future__ import annotations

import django_filters

from ..models import AuditEntry, Role
from ..serializers.audit import AuditRow
from ..viewsets import TenantViewSet


class AuditFilters(django_filters.FilterSet):
    # by id alone: a choice among rows would be one among the accounts of the server, and its error would tell which there are
    user = django_filters.UUIDFilter(field_name="user_id")

    class Meta:
        model = AuditEntry
        fields = ("action", "object_type", "object_id")


class AuditViewSet(TenantViewSet):
    """Who changed what in this workspace. Append-only."""

    model = AuditEntry
    rows = AuditRow
    roles = {"list": Role.ADMIN, "retrieve": Role.ADMIN}
    filterset_class = AuditFilters
