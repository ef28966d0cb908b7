"""Memberships of users in workspaces, with their roles."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import Entity

from .users import User
from .workspaces import Workspace


class Role(models.TextChoices):
    """In ascending order: a role includes the rights of those before it."""

    VIEWER = "viewer"
    DEVELOPER = "developer"
    ADMIN = "admin"
    OWNER = "owner"

    def allows(self, needed: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Membership(Entity):
    """``not_before`` is set for somebody who was a member before: sign-ins from before that time are not accepted."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.DEVELOPER)
    not_before = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "memberships"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="membership_unique"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role} of {self.workspace_id}"


class Departure(Entity):
    """When somebody was last removed from a workspace or left it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "departures"
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="departure_unique")]

    def __str__(self) -> str:
        return f"{self.user_id} left {self.workspace_id}"
