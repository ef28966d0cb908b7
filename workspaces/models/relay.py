"""How far the event log has been published to the bus (`workspaces.relay`)."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel


class RelayCursor(TenantModel):
    """Up to ``position`` the workspace's events are on ``topic``: acknowledged by its brokers."""

    topic = models.CharField(max_length=249)
    position = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "relay_cursors"
        constraints = [models.UniqueConstraint(fields=["workspace", "topic"], name="relay_cursor_unique")]

    def __str__(self) -> str:
        return f"{self.topic} at {self.position}"


class RelayLease(models.Model):
    """Who publishes to ``topic``: one process at a time, by the database's clock, so that any number may stand by."""

    topic = models.CharField(max_length=249, primary_key=True)
    owner = models.CharField(max_length=80, blank=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "relay_leases"

    def __str__(self) -> str:
        return self.topic
