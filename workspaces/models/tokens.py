"""Credentials that we hand out. Only their SHA-256 is stored: they are 256 random bits, so a slow hash would add nothing."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel

from .identity import Role, User


class ApiToken(TenantModel):
    """`mgx_…`: acts for its user in one workspace, with at most ``role``."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=120)
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
    """Opens one WebSocket, once, within 30 seconds: for clients that can't set a header."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    api_token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, null=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "ws_tickets"
        verbose_name = "WebSocket ticket"
