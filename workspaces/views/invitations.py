"""Creating and accepting invitations."""

from __future__ import annotations

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mgx_project.common import tenant_wall
from mgx_project.common.errors import NotAllowed

from ..invitations import accept_invitation, find_invitation, invite, revoke_invitation
from ..models import ApiToken, Invitation, Role, User, Workspace
from ..serializers.invitations import Acceptance, InvitationInput, InvitationRow, NewInvitation
from ..serializers.sessions import WorkspaceBrief
from ..viewsets import TenantViewSet


class InvitationViewSet(TenantViewSet):
    """Invitations to a workspace. Only their SHA-256 is stored; DELETE withdraws one."""

    model = Invitation
    rows = InvitationRow
    roles = {"list": Role.ADMIN, "retrieve": Role.ADMIN, "create": Role.OWNER, "destroy": Role.OWNER}

    @extend_schema(request=InvitationInput, responses={201: NewInvitation})
    def create(self, request: Request, workspace_id: str) -> Response:
        """Creates an invitation. Give its `token`, which is shown once, to one person. It is valid for 7 days by default."""

        def respond() -> Response:
            invitation, secret = invite(principal=self.principal, **self.validated(InvitationInput))
            response = self.answer_row(invitation.pk, http_status=status.HTTP_201_CREATED)
            response.data["token"] = secret
            return response

        return self.once(respond, secret=True)

    def destroy(self, request: Request, workspace_id: str, pk: str) -> Response:
        """Withdraws an invitation that was not accepted yet."""
        with transaction.atomic():
            found = find_invitation(principal=self.principal, invitation_id=pk)
            revoke_invitation(principal=self.principal, invitation=found)
        return Response(status=status.HTTP_204_NO_CONTENT)


class AcceptInvitation(APIView):
    """Makes the signed-in person a member. API tokens can't accept invitations."""

    @extend_schema(request=Acceptance, responses=WorkspaceBrief)
    def post(self, request: Request) -> Response:
        if isinstance(request.auth, ApiToken):
            raise NotAllowed(
                "An API token can't accept an invitation.",
                code="person_needed",
                hint="Sign in with your password: mgx workspace join --user NAME",
            )
        assert isinstance(request.user, User)
        body = Acceptance(data=request.data)
        body.is_valid(raise_exception=True)
        membership = accept_invitation(user=request.user, secret=body.validated_data["token"])
        tenant_wall.enter(membership.workspace_id)
        workspace = Workspace.objects.get(pk=membership.workspace_id)
        return Response({"id": workspace.pk, "name": workspace.name, "slug": workspace.slug, "role": membership.role})
