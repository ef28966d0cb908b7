"""Credentials that we issue. Only their SHA-256 is stored: they are 256 random bits, so a slow hash would add nothing."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import Entity, TenantModel

from .members import Role
from .users import User


class SignIn(Entity):
    """One sign-in by password: the family of JWTs that came from it. `id` is their claim ``fam``, `created_at` when it was.

    ``refresh_jti`` names the one refresh token that is good now. ``ended_at`` ends the whole family: signed out, the password
    changed, the account deactivated, or a refresh token used twice.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    refresh_jti = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "sign_ins"
        verbose_name = "sign-in"

    def __str__(self) -> str:
        return f"{self.user_id} since {self.created_at:%Y-%m-%d %H:%M}"


class ApiToken(TenantModel):
    """`mgx_…`: acts for its user in one workspace, with at most ``role``. It ends with the ``parent`` token that created it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=120)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, editable=False, related_name="children")
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    role = models.CharField(max_length=10, choices=Role.choices)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "api_tokens"
        verbose_name = "API token"
        indexes = [models.Index(fields=["workspace", "created_at", "id"], name="api_token_list")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class WsTicket(TenantModel):
    """Opens one WebSocket of its workspace, once, within 30 seconds: for clients that can't set a header.

    The socket lives as long as what the ticket was bought with: a token, a JWT (until ``ends_at``) or a browser session.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    api_token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, null=True, related_name="+")
    sign_in = models.ForeignKey(SignIn, on_delete=models.CASCADE, null=True, related_name="+")
    ends_at = models.DateTimeField(null=True)
    session_key = models.CharField(max_length=40, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "ws_tickets"
        verbose_name = "WebSocket ticket"
