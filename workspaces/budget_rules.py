"""Rules for budgets, shared by the API and the admin."""

from __future__ import annotations

import uuid
from typing import Any

from mgx_project.common.errors import BadRequest, NotAllowed

from .budget_caps import LIMITS
from .models import Budget, User
from .signals import project_named

BUDGET_CONFLICTS = {"budget_scope_unique": ("period", "A budget for this scope and period already exists. Change that one.")}


def check_budget(workspace_id: uuid.UUID, row: Budget | None, changes: dict[str, Any]) -> None:
    """Validates a budget before it is created (``row`` None) or changed. Raises BadRequest, or NotFound for the project."""
    if project_id := changes.get("project_id"):
        project_named.send(sender=Budget, workspace_id=workspace_id, project_id=project_id)
    if all(changes.get(name, getattr(row, name, None)) is None for name in LIMITS):
        raise BadRequest(f"A budget needs at least one of {', '.join(LIMITS)}.", field="max_tokens")


def require_own(row: Budget, user: User) -> None:
    """Only operators change the budgets that they have set. Raises NotAllowed."""
    if row.set_by_operator and not user.is_staff:
        raise NotAllowed(
            "This budget was set by the operator of the server. Ask them to change it, or add a stricter budget of your own."
        )
