"""Model endpoints of a workspace."""

from __future__ import annotations

from django.db import models

from mgx_project.common.fields import EncryptedTextField, MomentField
from mgx_project.common.models import TenantModel

ROLES = ("team_leader", "engineer", "tester", "reviewer")
"""The roles of the team; each may use its own model."""


class ModelConnection(TenantModel):
    """An endpoint of a tenant. Prices are USD per million tokens; NULL means unknown, which is never counted as $0.

    ``role_models`` names another model of the endpoint for single roles: {"reviewer": "a-smaller-one"}. ``fallback`` answers
    when this endpoint can't. ``native_tools`` NULL: found out by the test, else assumed.
    """

    class Kind(models.TextChoices):
        OPENAI = "openai"
        ANTHROPIC = "anthropic"
        OFFLINE = "offline"

    class EditFormat(models.TextChoices):
        AUTO = ""
        MANIFEST = "manifest"
        SEARCH_REPLACE = "search_replace"
        UNIFIED = "unified"
        ENVELOPE = "envelope"

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    model = models.CharField(max_length=200, blank=True)
    base_url = models.URLField(max_length=500, blank=True)
    api_key = EncryptedTextField(blank=True, default="")
    price_in = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    price_out = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    price_cached_in = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    role_models = models.JSONField(default=dict, blank=True)
    context_tokens = models.PositiveIntegerField(null=True, blank=True)
    max_output_tokens = models.PositiveIntegerField(null=True, blank=True)
    edit_format = models.CharField(max_length=20, choices=EditFormat.choices, default=EditFormat.AUTO, blank=True)
    native_tools = models.BooleanField(null=True, blank=True)
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)
    tokens_per_minute = models.PositiveIntegerField(null=True, blank=True)
    fallback = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    last_tested_at = models.DateTimeField(null=True, blank=True)
    last_test = models.JSONField(null=True, blank=True)
    is_default = models.BooleanField(default=False)
    updated_at = MomentField(auto_now=True)

    class Meta:
        db_table = "model_connections"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="model_connection_name_unique"),
            models.UniqueConstraint(
                fields=["workspace"], condition=models.Q(is_default=True), name="model_connection_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name
