"""Invitations to join a workspace. Nobody becomes a member without accepting one."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel

from .members import Role
from .users import User


class Invitation(TenantModel):
    """Can be used once. ``email`` binds it to the account with that address; without it, anyone with the secret may use it."""

    role = models.CharField(max_length=10, choices=Role.choices, default=Role.DEVELOPER)
    email = models.EmailField(blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "invitations"
        indexes = [models.Index(fields=["workspace", "created_at", "id"], name="invitation_list")]
        constraints = [models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_known")]

    def __str__(self) -> str:
        return f"Invitation as {self.role}"
