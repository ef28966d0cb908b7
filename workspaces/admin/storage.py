"""What the workspaces store, for operators."""

from __future__ import annotations

from django.contrib import admin

from mgx_project.common.admin_menu import MenuEntry

from ..models import StoredBytes
from .base import TenantAdmin


@admin.register(StoredBytes)
class StoredBytesAdmin(TenantAdmin):
    menu = MenuEntry(label="Storage")
    list_display = ("workspace", "size")
