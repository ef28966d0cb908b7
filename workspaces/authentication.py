"""`Authorization: Bearer` for the API: our own tokens (`mgx_…`) and JWTs by the same header."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from .models import ApiToken, User
from .sign_ins import Jwt, find_jwt
from .tokens import PREFIX, find_api_token


def authenticate_bearer(secret: str) -> tuple[User, ApiToken | Jwt]:
    """The user and credential behind a bearer secret. Raises AuthenticationFailed."""
    if secret.startswith(PREFIX):
        token = find_api_token(secret)
        if token is None:
            raise AuthenticationFailed("This API token is unknown, expired or revoked. Sign in with: mgx login")
        return token.user, token
    jwt = find_jwt(secret)
    return jwt.sign_in.user, jwt


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, ApiToken | Jwt] | None:
        scheme, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return authenticate_bearer(secret.strip())

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="mgx"'


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT or mgx_… API token"}
