"""The audit log, for admins."""

from __future__ import annotations

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from mgx_project.common.pagination import WholeList

from .. import audit_export
from ..filters import AuditFilter
from ..models import AuditEntry, Role
from ..request_principal import credential_of
from ..rights import Listening
from ..serializers.audit import AuditRow
from ..viewsets import TenantViewSet


class EveryRow(WholeList):
    """No parameters of pages."""

    parameters = frozenset[str]()


class AuditViewSet(TenantViewSet):
    """Who changed what in this workspace. Append-only."""

    model = AuditEntry
    rows = AuditRow
    roles = {"list": Role.ADMIN, "retrieve": Role.ADMIN, "export": Role.ADMIN}
    filterset_class = AuditFilter

    @extend_schema(responses={(200, "application/x-ndjson"): OpenApiTypes.STR})
    @action(detail=False, methods=["get"], pagination_class=EveryRow)
    def export(self, request: Request) -> StreamingHttpResponse:
        """All entries that the filters let through as NDJSON, one a line, the oldest first. If your access ends meanwhile, the
        last line has an `error`."""
        rows = self.filter_queryset(self.get_queryset())
        listening = Listening(credential_of(request), self.principal.workspace_id)
        return StreamingHttpResponse(audit_export.ndjson(rows, listening), content_type="application/x-ndjson")
