"""Users, workspaces, and memberships with their roles."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from mgx_project.common.ids import refuse_id_like, uuid7
from mgx_project.common.models import Entity


class Role(models.TextChoices):
    """In ascending order: a role includes the rights of those before it."""

    VIEWER = "viewer"
    DEVELOPER = "developer"
    ADMIN = "admin"
    OWNER = "owner"

    def allows(self, needed: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


class User(AbstractUser):
    """``session_stamp`` changes when everything that the person is signed in with has to end; browser sessions depend on it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session_stamp = models.UUIDField(default=uuid.uuid4, editable=False)
    rehashing = False
    """True while the same password is rehashed with a stronger hasher."""
    before: tuple[str, bool] | None = None
    """The stored password and `is_active` during a save."""

    class Meta:
        db_table = "users"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves in one transaction with the receivers, so that a new password and old tokens are never valid together."""
        with transaction.atomic():
            super().save(*args, **kwargs)

    def check_password(self, raw_password: str | None) -> bool:
        self.rehashing = True
        try:
            return bool(super().check_password(raw_password))
        finally:
            self.rehashing = False

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """Of Django, which asks it for every request of a browser session; ours depends on the stamp too."""
        value = f"{self.password}:{self.session_stamp}"
        return salted_hmac("mgx.session", value, secret=secret, algorithm="sha256").hexdigest()


class Workspace(Entity):
    """A tenant. ``event_position`` is the position of its newest event, advanced by the event log only.

    ``limits`` holds what the operator set for it (`workspaces.limits`), ``server_model`` whether it may use the server's own
    model endpoint; NULL: as the server's setting says.
    """

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, validators=[refuse_id_like])
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
