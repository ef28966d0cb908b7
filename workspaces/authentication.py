"""`Authorization: Bearer` for the API: our own tokens (`mgx_…`) and JWTs by the same header."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError

from .models import ApiToken, User
from .tokens import PREFIX, find_api_token

_jwt = JWTAuthentication()


def authenticate_bearer(secret: str) -> tuple[User, ApiToken | None]:
    """The user behind a bearer secret, and the API token if it is one. Raises AuthenticationFailed."""
    if secret.startswith(PREFIX):
        token = find_api_token(secret)
        if token is None:
            raise AuthenticationFailed("This API token is unknown, expired or revoked. Make a new one under /api/tokens.")
        return token.user, token
    try:
        user: Any = _jwt.get_user(_jwt.get_validated_token(secret.encode()))
    except (InvalidToken, TokenError):
        raise AuthenticationFailed("This JWT is not valid or has expired. Get a new one from /api/auth/token.") from None
    return user, None


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, ApiToken | None] | None:
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
