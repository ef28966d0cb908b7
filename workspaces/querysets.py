"""Querysets of the workspaces that a person may see."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet

from .models import User, Workspace


def visible_workspaces(user: User) -> QuerySet[Any]:
    """The workspaces that ``user`` is a member of, each with the user's ``role`` in it."""
    return Workspace.objects.filter(memberships__user=user).annotate(role=F("memberships__role"))
