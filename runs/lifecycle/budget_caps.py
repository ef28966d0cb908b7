"""A run's own budget: anybody may set a stricter cap than the server's default, only admins a looser one.

The cap on tokens (MGX_DEFAULT_RUN_TOKENS) is the only default one. Those of workspace and project hold beside the run's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from mgx_project.common.errors import NotAllowed
from workspaces.budget_caps import LIMITS
from workspaces.models import Role
from workspaces.principal import Principal


def require_within_defaults(principal: Principal, budget: Mapping[str, Any]) -> None:
    """Raises NotAllowed for a budget above the default, unless the principal is an admin."""
    tokens = budget.get("max_tokens")
    if tokens is not None and tokens > settings.MGX_DEFAULT_RUN_TOKENS and not principal.role.allows(Role.ADMIN):
        raise NotAllowed(
            f"max_tokens may be at most {settings.MGX_DEFAULT_RUN_TOKENS:,} (MGX_DEFAULT_RUN_TOKENS). More requires "
            f"the role {Role.ADMIN}; your role is {principal.role}.",
            field="budget.max_tokens",
        )


def inherited(principal: Principal, budget: Mapping[str, Any]) -> dict[str, Any]:
    """A run's budget for the next attempt. Developers can't reuse a higher cap that an admin allowed for one run."""
    mine = {name: value for name, value in budget.items() if name in LIMITS}
    if mine.get("max_tokens") is not None and not principal.role.allows(Role.ADMIN):
        mine["max_tokens"] = min(mine["max_tokens"], settings.MGX_DEFAULT_RUN_TOKENS)
    return mine
