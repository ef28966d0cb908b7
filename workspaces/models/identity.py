"""Who: users, tenants and the role of one in the other."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower

from mgx_project.common.ids import uuid7
from mgx_project.common.models import Entity


class Role(models.TextChoices):
    """From least to most: a role may do all that the ones before it may."""

    VIEWER = "viewer"
    DEVELOPER = "developer"
    ADMIN = "admin"
    OWNER = "owner"

    def allows(self, needed: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


class User(AbstractUser):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        db_table = "users"


class Workspace(Entity):
    """A tenant. ``event_position`` is the position of its newest event, advanced by the event log only.

    ``limits`` holds what the operator set for it (`workspaces.limits`), ``server_model`` whether it may use the server's own
    model endpoint; NULL: as the server's setting says.
    """

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60)
    metadata = models.JSONField(default=dict, blank=True)
    limits = models.JSONField(default=dict, blank=True)
    server_model = models.BooleanField(null=True, blank=True)
    event_position = models.BigIntegerField(default=0, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    members = models.ManyToManyField(User, through="Membership", related_name="workspaces")

    class Meta:
        db_table = "workspaces"
        constraints = [models.UniqueConstraint(Lower("slug"), name="workspace_slug_unique")]

    def __str__(self) -> str:
        return self.slug


class Membership(Entity):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.DEVELOPER)

    class Meta:
        db_table = "memberships"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="membership_unique"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role} of {self.workspace_id}"
