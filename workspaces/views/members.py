"""Members of a workspace. Owners manage them; every member may list them and leave. People join by invitation."""

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
    """The members of a workspace. E-mail addresses are shown to admins, and to each member their own."""

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
            raise NotFound("This user is not a member of this workspace.")
        return self.answer_row(membership.pk)

    @extend_schema(request=MemberChanges)
    def partial_update(self, request: Request, workspace_id: str, user_id: str) -> Response:
        """Changes a member's role. The last owner's role can't be changed."""
        body = self.validated(MemberChanges)
        membership = change_member(principal=self.principal, user_id=user_id, role=Role(body["role"]))
        return self.answer_row(membership.pk)

    def destroy(self, request: Request, workspace_id: str, user_id: str) -> Response:
        """Removes a member. Owners may remove anyone; members may remove themselves. Their API tokens are revoked at once.
        The last owner can't be removed."""
        if str(self.principal.user.pk) != user_id:
            self.principal.require(Role.OWNER)
        remove_member(principal=self.principal, user_id=user_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
