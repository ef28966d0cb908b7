"""Signing in with JWTs (simplejwt), tickets for WebSockets, and the caller's identity."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.serializers import (
    TokenBlacklistSerializer,
    TokenObtainPairSerializer,
    TokenRefreshSerializer,
)
from rest_framework_simplejwt.views import TokenBlacklistView, TokenObtainPairView, TokenRefreshView

from .. import sign_ins
from ..models import ApiToken, Role, User
from ..querysets import open_wall_for, visible_workspaces
from ..request_principal import credential_of, resolve_principal
from ..serializers.sessions import Me
from ..serializers.ws_tickets import WsTicketAnswer
from ..tokens import TICKET_SECONDS, create_ws_ticket
from ..viewsets import TenantViewSet


class ObtainPair(TokenObtainPairSerializer):
    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        super(TokenObtainPairSerializer, self).validate(attrs)  # checks the password and makes nothing
        assert isinstance(self.user, User)
        return sign_ins.begin(self.user)


class ObtainToken(TokenObtainPairView):
    """Creates a pair of JWTs for a username and password: `access` (30 minutes) and `refresh` (14 days)."""

    serializer_class: Any = ObtainPair


class NextPair(TokenRefreshSerializer):
    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        return sign_ins.rotate(attrs["refresh"])


class RefreshToken(TokenRefreshView):
    """Exchanges a refresh token for a new pair. Using a refresh token twice ends its sign-in."""

    serializer_class: Any = NextPair


class EndOfSignIn(TokenBlacklistSerializer):
    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        sign_ins.end(attrs["refresh"])
        return {}


class RevokeToken(TokenBlacklistView):
    """Signs out: revokes the refresh token and every access token of the same sign-in."""

    serializer_class: Any = EndOfSignIn


class WsTicketViewSet(TenantViewSet):
    """Creates a ticket, which opens one WebSocket within 30 seconds, for clients that can't set a header."""

    roles = {"create": Role.VIEWER}

    @extend_schema(request=None, responses={201: WsTicketAnswer})
    def create(self, request: Request) -> Response:
        def respond() -> Response:
            answer = {"ticket": create_ws_ticket(self.principal, credential_of(request)), "expires_in": TICKET_SECONDS}
            return Response(answer, status=status.HTTP_201_CREATED)

        return self.once(respond, secret=True)


class MeView(APIView):
    """The caller, and the workspaces that the caller can access."""

    @extend_schema(responses=Me)
    def get(self, request: Request) -> Response:
        user = request.user
        assert isinstance(user, User)
        open_wall_for(user)
        workspaces = list(visible_workspaces(user).order_by("created_at").values("id", "name", "slug", "role"))
        token = request.auth
        brief = None
        if isinstance(token, ApiToken):
            principal = resolve_principal(request)
            workspaces = [{**w, "role": principal.role} for w in workspaces if w["id"] == principal.workspace_id]
            brief = {"id": token.pk, "name": token.name, "role": principal.role, "expires_at": token.expires_at}
        return Response(
            {
                "id": user.pk,
                "username": user.username,
                "email": user.email,
                "is_staff": user.is_staff,
                "workspaces": workspaces,
                "token": brief,
                "server_model": settings.MGX_MODEL,
            }
        )
