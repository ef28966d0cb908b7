"""Who belongs to a workspace. Owners manage, everybody in it may look and may leave. One gets in by an invitation."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, QuerySet, Value, When
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from mgx_project.common.errors import NotFound

from ..members import change_member, remove_member
from ..models import Membership, Role
from ..serializers.members import MemberChanges, MemberRow
from ..viewsets import TenantViewSet


class MemberViewSet(TenantViewSet):
    """The members of a workspace; ``user_id`` names one. Addresses are shown to admins, and everybody's own to them."""

    model = Membership
    rows = MemberRow
    roles = {"partial_update": Role.OWNER, "destroy": Role.VIEWER}
    lookup_field = "user_id"

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return Membership.objects.none()
        rows = Membership.objects.filter(workspace_id=self.principal.workspace_id)
        if self.principal.role.allows(Role.ADMIN):
            return rows.annotate(email=F("user__email"))
        return rows.annotate(email=Case(When(user=self.principal.user, then=F("user__email")), default=Value("")))

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
        """Removes a member: for owners, and for everybody themselves. Their API tokens of this workspace stop working at once.
        The last owner stays."""
        if str(self.principal.user.pk) != user_id:
            self.principal.require(Role.OWNER)
        remove_member(principal=self.principal, user_id=user_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
