"""The form that links a repository, validated by the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminBigIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from mgx_project.common.errors import MGXError
from projects.models import Project
from workspaces.admin.operators import operated, operator, sees_all

from .. import services
from ..hosting.registry import provider_choices
from ..models import RepositoryLink
from ..references import parse_reference
from ..serializers import MAX_CREDENTIAL


class ProjectChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.workspace.slug} / {obj.slug}"


class LinkForm(forms.Form):
    project = ProjectChoice(queryset=Project.across_tenants.none(), widget=UnfoldAdminSelectWidget())
    url = forms.CharField(
        label="Repository",
        max_length=1000,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "owner/name or https://…", "autocomplete": "off"}),
        help_text="owner/name on GitHub, or a git URL (https, ssh).",
    )
    credential = forms.CharField(
        label="Token",
        required=False,
        max_length=MAX_CREDENTIAL,
        widget=UnfoldAdminPasswordWidget(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted, never shown. Leave empty for a public repository or to keep the stored credential.",
    )
    provider = forms.ChoiceField(
        required=False,
        choices=[("", "automatic: owner/name is GitHub"), *provider_choices()],
        widget=UnfoldAdminSelectWidget(),
    )
    api_base_url = forms.CharField(
        label="API base URL",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "https://github.example.com/api/v3"}),
        help_text="Only for a GitHub Enterprise server.",
    )
    installation_id = forms.IntegerField(
        label="Installation",
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        widget=UnfoldAdminBigIntegerFieldWidget(),
        help_text="An installation of the server's GitHub App. The token then only proves that you administer the repository.",
    )
    is_primary = forms.BooleanField(
        label="Primary",
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        help_text="Used by tasks that name no repository. The first link of a project becomes primary.",
    )

    def __init__(self, request: HttpRequest, data: Any) -> None:
        super().__init__(data)
        self._request = request
        projects = Project.across_tenants.select_related("workspace").order_by("workspace__slug", "slug")
        if not sees_all(request):
            projects = projects.filter(workspace_id__in=operated(request))
        field = self.fields["project"]
        assert isinstance(field, ProjectChoice)
        field.queryset = projects

    def link(self) -> tuple[RepositoryLink, bool]:
        """Validates the repository and links it. Call it outside any transaction. Raises MGXError."""
        given = self.cleaned_data
        project = given["project"]
        principal = operator(self._request, project.workspace_id)
        named = parse_reference(
            url=given["url"], provider=given["provider"], credential=given["credential"].strip(),
            api_base_url=given["api_base_url"], installation_id=given["installation_id"],
        )  # fmt: skip
        named = services.with_stored_credential(principal=principal, project_id=project.pk, named=named)
        if named.installation_id is not None:
            named = services.claim_installation(named)
        seen = services.probe(named)
        return services.connect(
            principal=principal, project_id=project.pk, named=named, seen=seen, is_primary=given["is_primary"] or None
        )

    def refuse(self, error: MGXError) -> None:
        """Shows errors of the services at the field at fault."""
        self.add_error(error.field if error.field in self.fields else None, f"{error.detail} {error.hint}".strip())
