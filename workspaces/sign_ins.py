"""JWTs: a pair for a password, a new pair for a refresh token, and what an access token is worth.

Every token of one sign-in carries the claim ``fam``, the id of its `SignIn`. A refresh token is good once; one that comes back
was copied by somebody, so the whole family ends, access tokens included (RFC 9700, section 4.14.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from mgx_project.common import clock
from mgx_project.common.ids import parse_id

from .audit import record_account
from .models import SignIn, User
from .rights import end_sign_ins

FAMILY = "fam"
MALFORMED = (TokenError, ValueError, TypeError, OverflowError, OSError, AttributeError)
"""Raised by simplejwt for a token with a valid signature and invalid claims."""


@dataclass(frozen=True)
class Jwt:
    """`request.auth` of a request with a JWT."""

    sign_in: SignIn
    ends_at: datetime


@transaction.atomic
def begin(user: User) -> dict[str, str]:
    """Creates a pair of tokens of a new family."""
    SignIn.objects.filter(user=user, expires_at__lt=clock.now()).delete()
    refresh = RefreshToken()
    sign_in = SignIn.objects.create(user=user, refresh_jti=refresh["jti"], expires_at=_end(refresh))
    record_account(user=user, action="signed_in", account=user, detail={"with": "a password, for JWTs"})
    refresh["sub"], refresh[FAMILY] = str(user.pk), str(sign_in.pk)
    return _pair(refresh)


def rotate(secret: str) -> dict[str, str]:
    """The next pair of the family. Raises AuthenticationFailed; for a token that was used before, after ending the family."""
    refresh, reused = _read(RefreshToken, secret), False
    with transaction.atomic():
        sign_in = _find(refresh, locked=True)
        if sign_in.refresh_jti != refresh.get("jti"):
            end_sign_ins(Q(pk=sign_in.pk))
            said = {"reason": "a refresh token came twice: somebody has a copy"}
            record_account(user=None, by="server", action="sign_in_ended", account=sign_in.user, detail=said)
            reused = True
        else:
            refresh.set_jti()
            refresh.set_exp()
            refresh.set_iat()
            sign_in.refresh_jti, sign_in.expires_at = refresh["jti"], _end(refresh)
            sign_in.save(update_fields=["refresh_jti", "expires_at"])
    if reused:
        raise AuthenticationFailed("This refresh token was already used, so its sign-in was ended. Sign in again.")
    return _pair(refresh)


def end(secret: str) -> None:
    """Signs out: revokes every token of the family. Raises AuthenticationFailed."""
    with transaction.atomic():
        sign_in = _find(_read(RefreshToken, secret), locked=True)
        end_sign_ins(Q(pk=sign_in.pk))
        record_account(user=sign_in.user, action="signed_out", account=sign_in.user)


def find_jwt(secret: str) -> Jwt:
    """The user and sign-in of a valid access token. Raises AuthenticationFailed."""
    access = _read(AccessToken, secret)
    return Jwt(_find(access), _end(access))


def _read(kind: Any, secret: str) -> Any:
    try:
        token: Token = kind(secret)
        _end(token)
    except MALFORMED:
        raise AuthenticationFailed("This JWT is not valid or has expired. Get a new one from /api/auth/token.") from None
    return token


def _find(token: Token, *, locked: bool = False) -> SignIn:
    family, user = parse_id(token.get(FAMILY)), parse_id(token.get("sub"))
    if family is None or user is None:
        raise AuthenticationFailed("This JWT does not belong to a sign-in on this server. Get a new one from /api/auth/token.")
    rows = SignIn.objects.select_related("user")
    if locked:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(pk=family, user_id=user, ended_at=None, user__is_active=True).first()
    if found is None:
        raise AuthenticationFailed("The sign-in of this JWT has ended. Get a new one from /api/auth/token.")
    return found


def _end(token: Token) -> datetime:
    return datetime.fromtimestamp(token["exp"], UTC)


def _pair(refresh: RefreshToken) -> dict[str, str]:
    return {"access": str(refresh.access_token), "refresh": str(refresh)}
