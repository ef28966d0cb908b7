"""Workspaces, the tenants of this server."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from mgx_project.common.fields import MomentField
from mgx_project.common.ids import refuse_id_like
from mgx_project.common.models import Entity

from .users import User


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
    updated_at = MomentField(auto_now=True)
    members = models.ManyToManyField(User, through="Membership", related_name="workspaces")

    class Meta:
        db_table = "workspaces"
        constraints = [models.UniqueConstraint(Lower("slug"), name="workspace_slug_unique")]

    def __str__(self) -> str:
        return self.slug
