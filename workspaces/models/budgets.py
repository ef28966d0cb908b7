"""Model connections, budgets, and the ledger of what a tenant's runs spent."""

from __future__ import annotations

from django.db import models

from mgx_project.common.fields import EncryptedTextField
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
    updated_at = models.DateTimeField(auto_now=True)

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


class Budget(TenantModel):
    """A cap on what the ledger counts, reservations included. A NULL project: the whole workspace; a NULL limit: none.

    One that is ``set_by_operator`` stands beside the tenant's own, which can only be stricter than both.
    """

    project_id = models.UUIDField(null=True, blank=True)
    period = models.CharField(max_length=10, choices=[("total", "total"), ("month", "month")], default="month")
    max_tokens = models.BigIntegerField(null=True, blank=True)
    max_cost_usd = models.DecimalField(max_digits=14, decimal_places=6, null=True, blank=True)
    max_calls = models.BigIntegerField(null=True, blank=True)
    max_seconds = models.BigIntegerField(null=True, blank=True)
    set_by_operator = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "budgets"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "project_id", "period", "set_by_operator"],
                name="budget_scope_unique",
                nulls_distinct=False,
            )
        ]


class Meter(TenantModel):
    """What the ledger adds up to for a run, a project or the workspace; ``period`` is "" for ever, or a month as 2026-11 (UTC).
    The scope `server` is what the workspace's runs spent at the server's own model endpoint.

    It changes in the transaction that changes the ledger, so that a cap is checked without adding up what came before. What is
    reserved and not settled stands apart; ``work_ms`` is the time that workers had the runs, bought in advance like tokens.
    """

    class Scope(models.TextChoices):
        PROJECT = "project"
        RUN = "run"
        SERVER = "server"
        WORKSPACE = "workspace"

    scope = models.CharField(max_length=10, choices=Scope.choices)
    scope_id = models.UUIDField()
    period = models.CharField(max_length=7, blank=True)
    tokens_in = models.BigIntegerField(default=0)
    tokens_out = models.BigIntegerField(default=0)
    reserved_tokens = models.BigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=20, decimal_places=6, default=0)
    reserved_cost_usd = models.DecimalField(max_digits=20, decimal_places=6, default=0)
    calls = models.BigIntegerField(default=0)
    cached_calls = models.BigIntegerField(default=0)
    unpriced_calls = models.BigIntegerField(default=0)
    work_ms = models.BigIntegerField(default=0)

    class Meta:
        db_table = "meters"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "scope", "scope_id", "period"], name="meter_unique"),
        ]
        indexes = [models.Index(fields=["period"], condition=models.Q(scope="server"), name="meter_of_server")]

    def __str__(self) -> str:
        return " ".join(filter(None, [self.scope, str(self.scope_id)[:13], self.period]))


class FormerSpending(models.Model):
    """What workspaces that are gone spent of the server's own endpoint in a month: deleting one gives no money back.

    Filled by a trigger, when a meter of the scope `server` is deleted.
    """

    period = models.CharField(primary_key=True, max_length=7)
    tokens = models.BigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=20, decimal_places=6, default=0)

    class Meta:
        db_table = "server_former_spending"
        verbose_name_plural = "former spending"

    def __str__(self) -> str:
        return self.period


class StoredBytes(TenantModel):
    """The size of all artifacts of a workspace, kept by a trigger on them: the sum is never taken anew."""

    size = models.BigIntegerField(default=0)

    class Meta:
        db_table = "stored_bytes"
        constraints = [models.UniqueConstraint(fields=["workspace"], name="stored_bytes_once")]

    def __str__(self) -> str:
        return f"{self.workspace_id}: {self.size}"


class LedgerEntry(TenantModel):
    """One model call: reserved before it is made, settled after. An orphaned reservation counts at its estimate.

    A ``cached`` one was answered from the tenant's own cache: it is counted beside the calls and costs nothing.
    """

    project_id = models.UUIDField()
    run_id = models.UUIDField()
    step_key = models.CharField(max_length=200)
    attempt = models.PositiveIntegerField(default=1)
    model = models.CharField(max_length=200, blank=True)
    reserved_tokens = models.BigIntegerField()
    reserved_cost_usd = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    tokens_in = models.BigIntegerField(null=True)
    tokens_out = models.BigIntegerField(null=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    duration_ms = models.PositiveBigIntegerField(null=True)
    cached = models.BooleanField(default=False)
    month = models.CharField(max_length=7, blank=True, help_text="The month that it counts in, as 2026-11 (UTC).")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_entries"
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(fields=["run_id", "step_key", "attempt"], name="ledger_entry_once"),
            models.CheckConstraint(condition=models.Q(reserved_tokens__gte=0), name="ledger_reservation_positive"),
        ]
        indexes = [models.Index(fields=["workspace", "created_at"], name="ledger_period")]
