"""The base of the admin's pages: rows of the operator's tenants (`operators`), or of the whole server.

Rows are changed field by field where a page says so; everything else is only shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.db import models
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponseRedirect
from unfold.admin import ModelAdmin

from mgx_project.common.errors import MGXError
from mgx_project.common.fields import EncryptedTextField

from ..audit import differences, record_audit
from ..models import Role, Workspace
from .filters import WorkspaceFilter
from .operators import operated, operator, sees_all

NEVER_SHOWN = frozenset({"digest", "password", "payload"})


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
            changes=differences(self.model, form.initial, {name: form.cleaned_data[name] for name in form.changed_data}),
        )


class ServerAdmin(ModelAdmin):
    """Rows of the whole server: shown to superusers, read-only."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return sees_all(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_all(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
