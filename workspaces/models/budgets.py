"""Caps on what the runs of a workspace may use."""

from __future__ import annotations

from django.db import models

from mgx_project.common.fields import MomentField
from mgx_project.common.models import TenantModel


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
    updated_at = MomentField(auto_now=True)

    class Meta:
        db_table = "budgets"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "project_id", "period", "set_by_operator"],
                name="budget_scope_unique",
                nulls_distinct=False,
            )
        ]
