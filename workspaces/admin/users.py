"""Accounts, for superusers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from mgx_project.common.admin_menu import MenuEntry, MenuGroup

from ..audit import differences, record_account
from ..models import User
from ..sign_in_guard import unlock
from .confirm import ask

# Rights come from roles in workspaces instead of groups.
if admin.site.is_registered(Group):
    admin.site.unregister(Group)


def _operator(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):
    """User accounts are shared by all tenants, so only superusers see them."""

    menu = MenuEntry(MenuGroup.PEOPLE, order=40)
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Times", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    actions_detail: ClassVar[Any] = ("unlock",)

    @action(description="Unlock", icon="lock_open", permissions=["unlock"])
    def unlock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Unlocks an account after too many wrong passwords, so that its owner need not wait."""
        user = self.get_object(request, object_id)
        if user is None:
            raise Http404
        back = reverse("admin:workspaces_user_change", args=[user.pk])

        def act() -> str:
            with transaction.atomic():
                found = unlock(user.get_username())
                self.log_change(request, user, "Unlocked.", action="unlocked")
            return f"{user} may sign in again." if found else f"There are no failed attempts to sign in as {user}."

        return ask(
            self, request, act, verb="Unlock", question=f"Unlock the account {user}?",
            explanation="This clears the failed attempts to sign in, from every address.", back=back,
        )  # fmt: skip

    def log_addition(self, request: HttpRequest, obj: User, message: Any) -> Any:
        record_account(user=_operator(request), action="created", account=obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: User, message: Any, action: str = "changed") -> Any:
        """Django calls it for the form of the account and for that of its password, after each has been saved."""
        record_account(user=_operator(request), action=action, account=obj, detail={"said": message}, **self._changes(request))
        return super().log_change(request, obj, message)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        request._mgx_changes = differences(User, form.initial, changed) if change else {}  # type: ignore[attr-defined]

    def _changes(self, request: HttpRequest) -> dict[str, Any]:
        return getattr(request, "_mgx_changes", {})

    @transaction.atomic
    def user_change_password(self, *args: Any, **kwargs: Any) -> Any:
        return super().user_change_password(*args, **kwargs)

    def has_unlock_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    has_view_permission = has_change_permission = lambda self, request, obj=None: self.has_module_permission(request)
    has_add_permission = has_module_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what a person did stays theirs; take `is_active` away instead
