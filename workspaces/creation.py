"""Who may create workspaces, and the operator's own budget that each new workspace gets."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings

from mgx_project.common.errors import NotAllowed

from .models import Budget, User, Workspace


def may_create(user: User) -> bool:
    """As the server's setting says; operators always may."""
    return settings.MGX_WORKSPACE_CREATION == "anyone" or user.is_staff


def require_creator(user: User) -> None:
    """Raises NotAllowed if only operators may create workspaces and ``user`` is not one."""
    if not may_create(user):
        raise NotAllowed(
            "On this server only operators may create workspaces. Ask one for a workspace, or an owner of one to invite you."
        )


def give_default_budget(workspace: Workspace) -> None:
    """The cap per month that the operator gives every new workspace (MGX_WORKSPACE_MONTHLY_USD and _TOKENS), if any."""
    cost, tokens = Decimal(settings.MGX_WORKSPACE_MONTHLY_USD), settings.MGX_WORKSPACE_MONTHLY_TOKENS
    if cost or tokens:
        Budget.objects.create(
            workspace=workspace, period="month", max_cost_usd=cost or None, max_tokens=tokens or None, set_by_operator=True
        )
