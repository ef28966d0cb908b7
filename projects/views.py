"""Projects: every member of the workspace may read them, admins may change them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from workspaces.models import Role
from workspaces.viewsets import TenantViewSet

from .filters import ProjectFilter
from .models import Project
from .serializers import ProjectInput, ProjectRow
from .services import PROJECT_CONFLICTS, create_project, delete_project, refuse_default


class ProjectViewSet(TenantViewSet):
    """Projects and the defaults for their tasks. Repositories are linked with POST /api/repositories."""

    model = Project
    rows = ProjectRow
    serializer_class = ProjectInput
    filterset_class = ProjectFilter
    noun = "project"
    roles = {"create": Role.ADMIN, "partial_update": Role.ADMIN, "destroy": Role.ADMIN}
    unique = PROJECT_CONFLICTS

    def create(self, request: Request) -> Response:
        def respond() -> Response:
            project = create_project(principal=self.principal, **self.validated())
            return self.answer_row(project.pk, http_status=status.HTTP_201_CREATED)

        return self.once(respond)

    def partial_update(self, request: Request, pk: str) -> Response:
        return self.patch_row(pk)

    def destroy(self, request: Request, pk: str) -> Response:
        """Deletes the project with its tasks and runs. The default project can't be deleted."""
        with transaction.atomic():
            delete_project(principal=self.principal, project=self.locked(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def before_write(self, row: Project, changes: dict[str, Any]) -> None:
        if changes.get("slug", row.slug) != row.slug:
            refuse_default(row, "renamed")
