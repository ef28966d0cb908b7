"""API tokens: members manage their own, admins see and revoke all tokens of the workspace."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from ..audit import record_audit
from ..models import ApiToken, Role
from ..serializers.tokens import ApiTokenInput, ApiTokenRow, NewApiToken
from ..tokens import create_api_token, revoke_api_token
from ..viewsets import TenantViewSet


class ApiTokenViewSet(TenantViewSet):
    """API tokens of this workspace. Only their SHA-256 is stored; DELETE revokes one."""

    model = ApiToken
    rows = ApiTokenRow
    roles = {"create": Role.VIEWER, "destroy": Role.VIEWER}

    def get_queryset(self) -> QuerySet[Any]:
        tokens = super().get_queryset()
        if getattr(self, "swagger_fake_view", False) or self.principal.role.allows(Role.ADMIN):
            return tokens
        return tokens.filter(user=self.principal.user)

    @extend_schema(request=ApiTokenInput, responses={201: NewApiToken})
    def create(self, request: Request) -> Response:
        """Creates a token for the caller, with at most the caller's role. A token created with a token is revoked with it."""

        def respond() -> Response:
            body = self.validated(ApiTokenInput)
            role = Role(body.get("role", self.principal.role))
            self.principal.require(role)
            token, secret = create_api_token(
                workspace_id=self.principal.workspace_id,
                user=self.principal.user,
                name=body["name"],
                role=role,
                expires_at=body.get("expires_at"),
                parent_id=self.principal.token_id,
            )
            record_audit(
                principal=self.principal,
                action="token.created",
                object_type="token",
                object_id=token.pk,
                detail={"name": token.name, "role": role},
            )
            response = self.answer_row(token.pk, http_status=status.HTTP_201_CREATED)
            response.data["token"] = secret
            return response

        return self.once(respond, secret=True)

    def destroy(self, request: Request, pk: str) -> Response:
        """Revokes the token and those created with it. Requests are refused and open WebSockets closed from then on."""
        with transaction.atomic():
            token = self.locked(pk)
            if token.revoked_at is None:
                revoke_api_token(token)
                record_audit(
                    principal=self.principal,
                    action="token.revoked",
                    object_type="token",
                    object_id=token.pk,
                    detail={"name": token.name},
                )
        return Response(status=status.HTTP_204_NO_CONTENT)
