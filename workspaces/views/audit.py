"""The audit log, for admins."""

from __future__ import annotations

from ..filters import AuditFilter
from ..models import AuditEntry, Role
from ..serializers.audit import AuditRow
from ..viewsets import TenantViewSet


class AuditViewSet(TenantViewSet):
    """Who changed what in this workspace. Append-only."""

    model = AuditEntry
    rows = AuditRow
    roles = {"list": Role.ADMIN, "retrieve": Role.ADMIN}
    filterset_class = AuditFilter
