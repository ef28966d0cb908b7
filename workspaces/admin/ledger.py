"""Spending on model calls, for operators."""

from __future__ import annotations

from django.contrib import admin

from mgx_project.common.admin_menu import MenuEntry, MenuGroup

from ..models import FormerSpending, LedgerEntry, Meter
from .base import ServerAdmin, TenantAdmin
from .filters import WorkspaceFilter


@admin.register(LedgerEntry)
class LedgerEntryAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.MODELS_AND_MONEY, order=30)
    list_display = (
        "created_at",
        "workspace",
        "run_id",
        "step_key",
        "model",
        "tokens_in",
        "tokens_out",
        "cost_usd",
        "settled_at",
    )
    search_fields = ("=run_id", "step_key", "model")


@admin.register(Meter)
class MeterAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.MODELS_AND_MONEY, order=40)
    list_display = ("workspace", "scope", "scope_id", "period", "calls", "cached_calls", "cost_usd", "work_ms")
    list_filter = (WorkspaceFilter, "scope", "period")
    search_fields = ("=scope_id",)


@admin.register(FormerSpending)
class FormerSpendingAdmin(ServerAdmin):
    """Spending of deleted workspaces."""

    menu = MenuEntry(label="Former spending")
    list_display = ("period", "tokens", "cost_usd")
