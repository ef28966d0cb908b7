"""Budgets for operators, by the rules of the API."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin

from mgx_project.common.admin_menu import MenuEntry, MenuGroup

from ..budget_caps import LIMITS
from ..budget_rules import BUDGET_CONFLICTS, check_budget
from ..models import Budget
from .filters import WorkspaceFilter
from .setting_base import SettingAdmin, SettingForm


class BudgetForm(SettingForm):
    project_id = forms.UUIDField(required=False, help_text="The project it applies to. Empty: the whole workspace.")

    class Meta:
        model = Budget
        fields: ClassVar[list[str]] = []
        help_texts: ClassVar[dict[str, str]] = {
            "set_by_operator": "The workspace can't change it. It applies in addition to the workspace's own budgets."
        }


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
