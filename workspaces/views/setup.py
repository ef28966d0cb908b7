"""The first administrator and workspace of a new server."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..first_administrator import create_first_administrator
from ..models import Role
from ..serializers.setup import SetupAnswer, SetupInput


class SetUp(APIView):
    """Creates the first administrator and workspace of a new server, once, with the setup token that the server prints.

    Counted for the address like every request without a sign-in (MGX_RATE_ANONYMOUS, MGX_RATE_FAILED).
    """

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(request=SetupInput, responses={201: SetupAnswer}, auth=[])
    def post(self, request: Request) -> Response:
        """Creates the first administrator and workspace of a new server, once, with the setup token that the server prints."""
        body = SetupInput(data=request.data)
        body.is_valid(raise_exception=True)
        user, workspace = create_first_administrator(**body.validated_data)
        brief = {"id": workspace.pk, "name": workspace.name, "slug": workspace.slug, "role": Role.OWNER}
        return Response({"username": user.username, "workspace": brief}, status=status.HTTP_201_CREATED)
