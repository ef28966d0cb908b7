"""Budgets: every member of the workspace may read them, admins may change them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from ..budget_rules import BUDGET_CONFLICTS, check_budget, require_own
from ..meters import with_use
from ..models import Budget
from ..serializers.budgets import BudgetLimits, BudgetRow
from .setting_base import AdminViewSet


class BudgetViewSet(AdminViewSet):
    """Budgets of the workspace or of one of its projects."""

    model = Budget
    rows = BudgetRow
    serializer_class: type[serializers.BaseSerializer[Any]] | None = BudgetLimits
    noun = "budget"
    unique = BUDGET_CONFLICTS

    def get_queryset(self) -> QuerySet[Any]:
        return with_use(super().get_queryset())

    def before_write(self, row: Budget | None, changes: dict[str, Any]) -> None:
        if row is not None:
            require_own(row, self.principal.user)
        check_budget(self.principal.workspace_id, row, changes)

    def before_delete(self, row: Budget) -> None:
        require_own(row, self.principal.user)
