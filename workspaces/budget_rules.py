"""What admins may set of budgets: the rules, which the API and the admin share."""

from __future__ import annotations

import uuid
from typing import Any

from mgx_project.common.errors import BadRequest, NotAllowed

from .budget_caps import LIMITS
from .models import Budget, User
from .signals import project_named

BUDGET_CONFLICTS = {"budget_scope_unique": ("period", "There is a budget for this scope and period already; change that one.")}


def check_budget(workspace_id: uuid.UUID, row: Budget | None, changes: dict[str, Any]) -> None:
    """Before a budget is made (``row`` None) or changed. Raises BadRequest, and NotFound for a project of others."""
    if project_id := changes.get("project_id"):
        project_named.send(sender=Budget, workspace_id=workspace_id, project_id=project_id)
    if all(changes.get(name, getattr(row, name, None)) is None for name in LIMITS):
        raise BadRequest(f"A budget needs at least one of {', '.join(LIMITS)}.", field="max_tokens")


def require_own(row: Budget, user: User) -> None:
    """The operator's budgets are the floor under a tenant's own: no role in the workspace changes them. Raises NotAllowed."""
    if row.set_by_operator and not user.is_staff:
        raise NotAllowed(
            "This budget was set by the operator of the server. Ask them to change it; a stricter one can be added beside it."
        )
