"""The audit log, for admins."""

from __future__ import annotations

import django_filters

from ..api import TenantViewSet
from ..models import AuditEntry, Role
from ..serializers.audit import AuditRow


class AuditFilters(django_filters.FilterSet):
    class Meta:
        model = AuditEntry
        fields = ("action", "object_type", "object_id", "user")


class AuditViewSet(TenantViewSet):
    """Who changed what in this workspace. Append-only."""

    model = AuditEntry
    rows = AuditRow
    roles = {"list": Role.ADMIN, "retrieve": Role.ADMIN}
    filterset_class = AuditFilters
