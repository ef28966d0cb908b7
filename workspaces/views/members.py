"""Who belongs to a workspace. Owners manage, everybody in it may look."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from mgx_project.common.errors import NotFound

from ..api import TenantViewSet
from ..models import Membership, Role
from ..principal import Principal
from ..serializers.identity import MemberChanges, MemberInput, MemberRow
from ..services import add_member, change_member, remove_member
from .workspaces import principal_in


class MemberViewSet(TenantViewSet):
    """The members of a workspace; ``user_id`` names one."""

    model = Membership
    rows = MemberRow
    roles = {"create": Role.OWNER, "partial_update": Role.OWNER, "destroy": Role.OWNER}
    lookup_field = "user_id"

    def find_principal(self, request: Request) -> Principal:
        return principal_in(request, self.kwargs["workspace_id"])

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return Membership.objects.none()
        return Membership.objects.filter(workspace_id=self.principal.workspace_id)

    def list(self, request: Request, workspace_id: str = "") -> Response:
        return super().list(request)

    @extend_schema(request=MemberInput)
    def create(self, request: Request, workspace_id: str) -> Response:
        """Adds an existing account to the workspace."""

        def respond() -> Response:
            body = self.validated(MemberInput)
            membership = add_member(principal=self.principal, user=body["user"], role=Role(body["role"]))
            return self.answer_row(membership.pk, http_status=status.HTTP_201_CREATED)

        return self.once(respond)

    def retrieve(  # type: ignore[override]
        self, request: Request, workspace_id: str, user_id: str
    ) -> Response:
        membership = self.get_queryset().filter(user_id=user_id).first()
        if membership is None:
            raise NotFound("There is no such member in this workspace.")
        return self.answer_row(membership.pk)

    @extend_schema(request=MemberChanges)
    def partial_update(self, request: Request, workspace_id: str, user_id: str) -> Response:
        """Changes a member's role. The last owner keeps it."""
        body = self.validated(MemberChanges)
        membership = change_member(principal=self.principal, user_id=user_id, role=Role(body["role"]))
        return self.answer_row(membership.pk)

    def destroy(self, request: Request, workspace_id: str, user_id: str) -> Response:
        """Removes a member; their API tokens of this workspace stop working at once. The last owner stays."""
        remove_member(principal=self.principal, user_id=user_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
