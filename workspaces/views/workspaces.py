"""Workspaces of the caller, and their usage."""

from __future__ import annotations

from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet, Value
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from mgx_project.common import tenant_wall

from ..audit import record_audit
from ..creation import require_creator
from ..idempotency import answer_once
from ..limits import checked_limits, require_operator
from ..models import ApiToken, Role, User, Workspace
from ..permissions import HasRole
from ..principal import UnscopedPrincipal, principal_of_user
from ..querysets import open_wall_for, visible_workspaces
from ..request_principal import signed_in_at
from ..serializers.usage import WorkspaceUsage
from ..serializers.workspaces import WorkspaceChanges, WorkspaceInput, WorkspaceRow
from ..services import WORKSPACE_CONFLICTS, create_workspace
from ..usage import BUCKETS, usage
from ..viewsets import TenantViewSet

log = structlog.get_logger(__name__)


class HasRoleInNamedWorkspace(HasRole):
    """Without an id in the path, a person lists their workspaces and makes new ones, and needs no role anywhere for it."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if "pk" in view.kwargs or isinstance(request.auth, ApiToken):
            return super().has_permission(request, view)
        view.principal = None
        assert isinstance(request.user, User)
        open_wall_for(request.user)
        return True


class WorkspaceViewSet(TenantViewSet):
    """The workspaces of the caller. An API token sees only its own."""

    model = Workspace
    rows = WorkspaceRow
    serializer_class = WorkspaceChanges
    noun = "workspace"
    roles = {"create": Role.OWNER, "partial_update": Role.ADMIN, "destroy": Role.OWNER}
    unique = WORKSPACE_CONFLICTS
    permission_classes = (IsAuthenticated, HasRoleInNamedWorkspace)
    workspace_url_kwarg = "pk"

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return Workspace.objects.none()
        if self.principal is not None:
            return Workspace.objects.filter(pk=self.principal.workspace_id).annotate(role=Value(self.principal.role.value))
        assert isinstance(self.request.user, User)
        return visible_workspaces(self.request.user)

    @extend_schema(request=WorkspaceInput)
    def create(self, request: Request) -> Response:
        """Creates a workspace with the caller as its owner and a project `default`. An API token needs the role owner.

        If only operators may create workspaces (MGX_WORKSPACE_CREATION), others get 403.
        """
        user = request.user
        assert isinstance(user, User)
        require_creator(user)

        def respond() -> Response:
            row = create_workspace(owner=user, **self.validated(WorkspaceInput))
            self.principal = principal_of_user(user, (str(row.pk),), signed_in_at=signed_in_at(request))
            return self.answer_row(row.pk, http_status=status.HTTP_201_CREATED)

        with tenant_wall.across_tenants():
            return answer_once(request, self.principal or UnscopedPrincipal(user), respond)

    def partial_update(self, request: Request, pk: str) -> Response:
        return self.patch_row(pk)

    def before_write(self, row: Workspace, changes: dict[str, Any]) -> None:
        if "limits" in changes:
            require_operator(self.principal.user)
            changes["limits"] = checked_limits(changes["limits"])

    def destroy(self, request: Request, pk: str) -> Response:
        """Deletes the workspace and everything in it. Its audit log stays, for the operators of the server."""
        with transaction.atomic():
            row = self.locked(pk)
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 0")  # one statement deletes all of its events
            record_audit(
                principal=self.principal,
                action="workspace.deleted",
                object_type="workspace",
                object_id=row.pk,
                detail={"name": row.name, "slug": row.slug},
            )
            row.delete()
        log.warning("workspace deleted", workspace=pk, slug=row.slug, by=self.principal.name)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        parameters=[
            OpenApiParameter("from", str, description="Date or RFC 3339 time. Default: 30 days before `to`."),
            OpenApiParameter("to", str, description="Date or RFC 3339 time. Default: now."),
            OpenApiParameter("bucket", str, enum=sorted(BUCKETS), default="day"),
        ],
        responses={200: OpenApiResponse(WorkspaceUsage)},
    )
    @action(detail=True, methods=["get"])
    def usage(self, request: Request, pk: str) -> Response:
        """Usage of the workspace's runs: tokens, model calls, cost, runs."""
        return Response(usage(workspace_id=self.principal.workspace_id, params=request.query_params))
