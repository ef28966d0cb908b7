"""The base of a workspace's settings: every member may read them, admins may change them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from mgx_project.common.constraints import conflicts

from ..audit import differences, record_audit
from ..models import Role
from ..viewsets import TenantViewSet


class AdminViewSet(TenantViewSet):
    """Settings of a workspace: admins write, and every write is in the audit log under ``noun``."""

    roles = {"create": Role.ADMIN, "partial_update": Role.ADMIN, "destroy": Role.ADMIN, "test": Role.ADMIN}

    def create(self, request: Request) -> Response:
        def respond() -> Response:
            body = self.validated()
            self.before_write(None, body)
            with conflicts(self.unique):
                row = self.model.objects.create(workspace_id=self.principal.workspace_id, **body)  # type: ignore[attr-defined]
            self._audit("created", row, differences(self.model, {}, body))
            return self.answer_row(row.pk, http_status=status.HTTP_201_CREATED)

        return self.once(respond)

    def partial_update(self, request: Request, pk: str) -> Response:
        return self.patch_row(pk)

    def destroy(self, request: Request, pk: str) -> Response:
        with transaction.atomic():
            row = self.locked(pk)
            self.before_delete(row)
            self._audit("deleted", row, {})
            row.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    def before_delete(self, row: Any) -> None:
        """Hook: may refuse, in the transaction that deletes."""

    def _audit(self, verb: str, row: Any, changes: dict[str, Any]) -> None:
        record_audit(
            principal=self.principal,
            action=f"{self.noun}.{verb}",
            object_type=self.noun,
            object_id=row.pk,
            detail={"fields": sorted(changes)},
            changes=changes,
        )
