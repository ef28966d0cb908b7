"""Files of deleted workspaces that the artifact store still has, for superusers."""

from __future__ import annotations

from django.contrib import admin

from mgx_project.common.admin_menu import MenuEntry
from workspaces.admin.base import ServerAdmin

from ..models import FileToRemove


@admin.register(FileToRemove)
class FileToRemoveAdmin(ServerAdmin):
    menu = MenuEntry(order=140)
    list_display = ("path", "since")
    ordering = ("since",)
