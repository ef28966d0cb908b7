"""What model calls cost: one entry for each, and running totals."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel


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
    role = models.CharField(max_length=40, blank=True, default="", db_default="")
    on_server = models.BooleanField(null=True)
    """Whether it counts against the operator's budget too; NULL: from before that was written down."""
    month = models.CharField(max_length=7, blank=True, help_text="The month that it counts in, as 2026-11 (UTC).")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_entries"
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(fields=["run_id", "step_key", "attempt"], name="ledger_entry_once"),
            models.CheckConstraint(condition=models.Q(reserved_tokens__gte=0), name="ledger_reservation_positive"),
        ]
        indexes = [
            models.Index(fields=["workspace", "created_at"], name="ledger_period"),
            models.Index(
                "workspace", "role", "model", models.F("created_at").desc(), name="ledger_answers",
                condition=models.Q(cached=False, tokens_out__gt=0),
            ),
            models.Index(fields=["created_at"], name="ledger_unsettled", condition=models.Q(settled_at=None)),
        ]  # fmt: skip
