"""The base of pages whose rows operators create, change and delete, by the rules of the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest

from mgx_project.common.constraints import conflicts

from ..audit import differences, record_audit, values_of
from .base import TenantAdmin
from .operators import operator

if TYPE_CHECKING:
    AnyForm = ModelForm[Any]
else:
    AnyForm = ModelForm


class SettingForm(AnyForm):
    """The changed fields, by their names in the API."""

    def _get_validation_exclusions(self) -> set[str]:
        # saving a new default unsets the previous one
        return {*super()._get_validation_exclusions(), "is_default"}  # type: ignore[misc]  # not in the stubs

    def changes(self) -> dict[str, Any]:
        """The changed fields, as the API would receive them."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "workspace"}


class SettingAdmin(TenantAdmin):
    """Rows that operators create, change and delete. ``noun`` names them in the audit log."""

    noun: ClassVar[str]
    unique: ClassVar[dict[str, tuple[str, str]]] = {}
    fixed: ClassVar[tuple[str, ...]] = ()
    """Fields that are set on creation only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        if obj is None:
            return ("workspace", *self.fixed, *self.editable)
        shown = [name for name in super().get_fields(request, obj) if name not in self.editable]
        return [*self.editable, *shown]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return () if obj is None else super().get_readonly_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changes = form.changes()
        if change and not changes:
            return
        with transaction.atomic():
            stored = self.model._default_manager.select_for_update().get(pk=obj.pk) if change else None
            self.apply_rules(obj, stored, changes)
            before = {} if stored is None else values_of(stored, changes)
            for name, value in changes.items():
                setattr(obj, name, value)
            with conflicts(self.unique):
                obj.save()
            self._audit(request, "changed" if change else "created", obj, differences(self.model, before, changes))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._audit(request, "deleted", obj, {})
        obj.delete()

    def apply_rules(self, obj: Any, stored: Any, changes: dict[str, Any]) -> None:
        """Raises what the API would raise; ``stored`` is None for a new row."""
        raise NotImplementedError(f"{type(self).__name__} has no rules.")

    def _audit(self, request: HttpRequest, verb: str, obj: Any, changes: dict[str, Any]) -> None:
        record_audit(
            principal=operator(request, obj.workspace_id),
            action=f"{self.noun}.{verb}",
            object_type=self.noun,
            object_id=obj.pk,
            detail={"fields": sorted(changes), "admin": True},
            changes=changes,
        )
