"""Model connections for operators, by the rules of the API. Keys are write-only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget

from mgx_project.common.admin_menu import MenuEntry, MenuGroup

from ..model_connections import CONNECTION_CONFLICTS, check_connection, test_connection
from ..models import ModelConnection
from .confirm import ask
from .filters import WorkspaceFilter
from .operators import operator
from .setting_base import SettingAdmin, SettingForm


class ConnectionForm(SettingForm):
    new_key = forms.CharField(
        label="API key",
        required=False,
        max_length=500,
        strip=True,
        widget=UnfoldAdminPasswordWidget(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted, never shown. Leave empty to keep the stored key.",
    )

    class Meta:
        model = ModelConnection
        fields: ClassVar[list[str]] = []
        widgets: ClassVar[dict[str, Any]] = {"role_models": UnfoldAdminTextareaWidget(attrs={"rows": 3})}
        help_texts: ClassVar[dict[str, str]] = {
            "role_models": 'Models for particular roles, for example {"reviewer": "a-smaller-model"}.',
            "price_in": "USD per million tokens. Empty: unknown. 0: free.",
            "price_out": "USD per million tokens. Empty: unknown. 0: free.",
            "native_tools": "Unknown: the connection test detects it.",
            "fallback": "The connection used when this one fails.",
        }

    def clean_role_models(self) -> dict[str, Any]:
        return self.cleaned_data["role_models"] or {}

    def changes(self) -> dict[str, Any]:
        changes = super().changes()
        if key := changes.pop("new_key", ""):
            changes["api_key"] = key
        if "fallback" in changes:
            fallback = changes.pop("fallback")
            changes["fallback_id"] = fallback and fallback.pk
        return changes


@admin.register(ModelConnection)
class ModelConnectionAdmin(SettingAdmin):
    menu = MenuEntry(MenuGroup.MODELS_AND_MONEY, order=10)
    form = ConnectionForm
    noun = "model"
    unique = CONNECTION_CONFLICTS
    editable = (
        "name", "kind", "model", "role_models", "base_url", "new_key", "price_in", "price_out", "price_cached_in",
        "context_tokens", "max_output_tokens", "edit_format", "native_tools", "requests_per_minute", "tokens_per_minute",
        "fallback", "is_default",
    )  # fmt: skip
    list_display = ("name", "workspace", "kind", "model", "base_url", "has_key", "is_default", "works")
    list_filter = (WorkspaceFilter, "kind")
    search_fields = ("name", "model")
    actions_detail: ClassVar[Any] = ("test",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        fields = super().get_fields(request, obj)
        return fields if obj is None else ["test_result", *(name for name in fields if name != "last_test")]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "base_url":
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def apply_rules(self, obj: ModelConnection, stored: ModelConnection | None, changes: dict[str, Any]) -> None:
        check_connection(obj.workspace_id, stored, changes)

    @admin.display(boolean=True, description="key")
    def has_key(self, row: ModelConnection) -> bool:
        return bool(row.api_key)

    @admin.display(boolean=True, description="works")
    def works(self, row: ModelConnection) -> bool | None:
        return row.last_test["ok"] if row.last_test else None

    @admin.display(description="last test")
    def test_result(self, row: ModelConnection) -> SafeString:
        if not row.last_test:
            return format_html("{}", "Not tested yet. Use the button above.")
        lines = (
            ("#15803d" if result["ok"] else "#b91c1c", result["detail"], result["hint"]) for result in row.last_test["models"]
        )
        return format_html_join("", '<p><span style="color:{}">{}</span> {}</p>', lines)

    @action(description="Test", icon="network_check", variant=ActionVariant.PRIMARY)
    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        back = reverse("admin:workspaces_modelconnection_change", args=[row.pk])

        def act() -> HttpResponse:
            result = test_connection(principal=operator(request, row.workspace_id), connection_id=row.pk)
            tell = messages.success if result["ok"] else messages.error
            tell(request, f"{result['detail']} {result['hint']}".strip())
            return HttpResponseRedirect(back)

        return ask(
            self, request, act, verb="Test", question=f"Test the connection “{row.name}”?", back=back,
            explanation="This makes a few real calls to each of its models and takes 15 seconds at most.",
        )  # fmt: skip
