"""How far the event log has been published to the bus, and by whom, for operators."""

from __future__ import annotations

from django.contrib import admin

from mgx_project.common.admin_menu import MenuEntry

from ..models import RelayCursor, RelayLease
from .base import ServerAdmin, TenantAdmin
from .filters import WorkspaceFilter


@admin.register(RelayCursor)
class RelayCursorAdmin(TenantAdmin):
    menu = MenuEntry(order=110, label="Published events")
    list_display = ("workspace", "topic", "position", "updated_at")
    list_filter = (WorkspaceFilter, "topic")
    list_select_related = ("workspace",)


@admin.register(RelayLease)
class RelayLeaseAdmin(ServerAdmin):
    menu = MenuEntry(order=120, label="Relays")
    list_display = ("topic", "owner", "expires_at")
