"""Sign-ins and failed attempts to sign in, for superusers."""

from __future__ import annotations

from django.contrib import admin

from mgx_project.common.admin_menu import MenuEntry, MenuGroup

from ..models import SignIn, SignInCount
from .base import ServerAdmin


@admin.register(SignIn)
class SignInAdmin(ServerAdmin):
    """Sign-ins with JWTs."""

    menu = MenuEntry(MenuGroup.PEOPLE, order=60, label="Sign-ins")
    list_display = ("user", "created_at", "expires_at", "ended_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    exclude = ("refresh_jti",)


@admin.register(SignInCount)
class SignInCountAdmin(ServerAdmin):
    """Account names are stored as digests here; unlock an account on its own page."""

    menu = MenuEntry(MenuGroup.PEOPLE, order=70, label="Failed sign-ins")
    list_display = ("key", "failures", "locked_until", "since")
