"""Budgets for operators, by the rules of the API, and what was spent."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin

from mgx_project.common.admin_menu import MenuEntry, MenuGroup

from ..budgets import LIMITS
from ..model_connections import BUDGET_CONFLICTS, check_budget
from ..models import Budget, FormerSpending, LedgerEntry, Meter
from .base import ServerAdmin, TenantAdmin
from .filters import WorkspaceFilter
from .setting_base import SettingAdmin, SettingForm


class BudgetForm(SettingForm):
    project_id = forms.UUIDField(required=False, help_text="Of one project; empty: the whole workspace.")

    class Meta:
        model = Budget
        fields: ClassVar[list[str]] = []
        help_texts: ClassVar[dict[str, str]] = {"set_by_operator": "The workspace can't change it; it stands beside its own."}


@admin.register(Budget)
class BudgetAdmin(SettingAdmin):
    menu = MenuEntry(MenuGroup.MODELS_AND_MONEY, order=20)
    form = BudgetForm
    noun = "budget"
    unique = BUDGET_CONFLICTS
    fixed = ("project_id", "period")
    editable = (*LIMITS, "set_by_operator")
    list_display = ("id", "workspace", "project_id", "period", *LIMITS, "set_by_operator")
    list_filter = (WorkspaceFilter, "period", "set_by_operator")

    def apply_rules(self, obj: Budget, stored: Budget | None, changes: dict[str, Any]) -> None:
        check_budget(obj.workspace_id, stored, changes)


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
    """Of workspaces that are gone."""

    menu = MenuEntry(label="Former spending")
    list_display = ("period", "tokens", "cost_usd")
