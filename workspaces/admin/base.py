"""The admin for operators: staff users see and change the tenants that they are admin or owner of, superusers all.

Rights come from the roles in the workspaces, not from Django's permissions: who may do something over the API may do it
here. Rows are changed field by field where an admin says so, everything else is shown only.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from mgx_project.common.errors import MGXError
from mgx_project.common.fields import EncryptedTextField

from ..audit import record_audit
from ..models import Membership, Role, User, Workspace
from ..principal import Principal

NEVER_SHOWN = frozenset({"digest", "password", "payload"})
MAX_CHOICES = 200
MAX_SHOWN = 200_000
"""Characters shown of one value on a page."""


def _roles(request: HttpRequest) -> dict[uuid.UUID, Role]:
    """The staff user's role in each workspace, read once per request: the menu asks for every model."""
    cached: dict[uuid.UUID, Role] | None = getattr(request, "_mgx_roles", None)
    if cached is None:
        assert isinstance(request.user, User)
        rows = Membership.objects.filter(user=request.user).values_list("workspace_id", "role")
        cached = {workspace_id: Role(role) for workspace_id, role in rows}
        request._mgx_roles = cached  # type: ignore[attr-defined]
    return cached


def sees_all(request: HttpRequest) -> bool:
    """Whether the user may operate every tenant: superusers only."""
    return bool(request.user.is_active and request.user.is_staff and getattr(request.user, "is_superuser", False))


def operated(request: HttpRequest, role: Role = Role.ADMIN) -> list[uuid.UUID]:
    """The workspaces in which a staff user has at least ``role``. A superuser has every right without being a member."""
    if not (request.user.is_active and request.user.is_staff):
        return []
    return [workspace_id for workspace_id, has in _roles(request).items() if has.allows(role)]


def operator(request: HttpRequest, workspace_id: uuid.UUID) -> Principal:
    """The signed-in operator as services know people. Raises PermissionDenied outside their tenants."""
    user = request.user
    assert isinstance(user, User)
    if sees_all(request):
        return Principal(user=user, workspace_id=workspace_id, role=Role.OWNER)
    if workspace_id not in operated(request):
        raise PermissionDenied("This belongs to a workspace that you do not administer.")
    return Principal(user=user, workspace_id=workspace_id, role=_roles(request)[workspace_id])


def block(text: str) -> SafeString:
    """Untrusted text, escaped and shortened to MAX_SHOWN characters."""
    cut = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}\n… {len(text) - MAX_SHOWN:,} more characters"
    return format_html(
        '<pre class="bg-base-50 border border-base-200 rounded-default p-3 text-xs overflow-auto max-h-[40rem] '
        'dark:bg-base-800 dark:border-base-700" style="white-space:pre-wrap;overflow-wrap:anywhere">{}</pre>',
        cut,
    )


class WorkspaceFilter(admin.SimpleListFilter):
    """Offers only the workspaces that the operator administers."""

    title = "workspace"
    parameter_name = "workspace"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        workspaces = Workspace.objects.all() if sees_all(request) else Workspace.objects.filter(pk__in=operated(request))
        return [(str(pk), slug) for pk, slug in workspaces.order_by("slug").values_list("id", "slug")[:MAX_CHOICES]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        try:
            return queryset.filter(workspace_id=uuid.UUID(self.value())) if self.value() else queryset
        except ValueError:
            return queryset.none()


class TenantAdmin(ModelAdmin):
    """Rows of a tenant. ``editable`` names the fields that an operator with ``role`` may change; nothing is added or deleted.

    Encrypted fields and digests are never shown.
    """

    editable: ClassVar[tuple[str, ...]] = ()
    role: ClassVar[Role] = Role.ADMIN
    tenant: ClassVar[str] = "workspace_id"
    """The column that identifies the tenant."""
    actions = None
    list_filter: ClassVar[Sequence[Any]] = (WorkspaceFilter,)
    list_select_related: ClassVar[Any] = ("workspace",)
    list_per_page = 50
    show_full_result_count = False
    ordering: ClassVar[Any] = ("-created_at",)
    warn_unsaved_form = True

    # whose rows

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows if sees_all(request) else rows.filter(**{f"{self.tenant}__in": operated(request, self.role)})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        target = db_field.remote_field.model
        if not sees_all(request):
            tenants = operated(request)
            if target is Workspace:
                kwargs["queryset"] = Workspace.objects.filter(pk__in=tenants)
            elif any(field.name == "workspace" for field in target._meta.get_fields()):
                kwargs["queryset"] = target._default_manager.filter(workspace_id__in=tenants)
            else:
                kwargs["queryset"] = target._default_manager.none()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    # what an operator may do

    def has_module_permission(self, request: HttpRequest) -> bool:
        return sees_all(request) or bool(operated(request, self.role))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None or sees_all(request):
            return self.has_module_permission(request)
        return getattr(obj, self.tenant) in operated(request, self.role)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.editable) and self.has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # what is shown

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return [field.name for field in self.model._meta.fields if self._may_show(field)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        # Nothing of a row may move to another tenant, so what isn't named as editable can't be.
        if self.fieldsets:
            names = [name for _, options in self.fieldsets for name in options["fields"]]
        else:
            names = list(self.get_fields(request, obj))
        return [name for name in names if name not in self.editable]

    def _may_show(self, field: models.Field[Any, Any]) -> bool:
        return not isinstance(field, EncryptedTextField) and field.name not in NEVER_SHOWN

    # what is done

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._told(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._told(request, super().delete_view, *args, **kwargs)

    def _told(self, request: HttpRequest, view: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Shows errors of services on the page that made the request; the view's transaction is rolled back by then."""
        try:
            return view(request, *args, **kwargs)
        except MGXError as error:
            messages.error(request, f"{error.detail} {error.hint}".strip())
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        super().save_model(request, obj, form, change)
        noun = self.model._meta.model_name or ""
        record_audit(
            principal=operator(request, getattr(obj, self.tenant)),
            action=f"{noun}.changed",
            object_type=noun,
            object_id=obj.pk,
            detail={"fields": sorted(form.changed_data), "admin": True},
        )
