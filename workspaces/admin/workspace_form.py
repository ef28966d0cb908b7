"""What operators set for a workspace: its limits, by the rules of the API, and whether it may use the server's own model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms

from mgx_project.common.errors import BadRequest

from ..limits import MOST, checked_limits
from ..models import Workspace

if TYPE_CHECKING:
    AnyForm = forms.ModelForm[Any]
else:
    AnyForm = forms.ModelForm


EXAMPLE = '{"projects": 20}'


class WorkspaceForm(AnyForm):
    class Meta:
        model = Workspace
        fields: ClassVar[list[str]] = []
        help_texts: ClassVar[dict[str, str]] = {
            "limits": f"Any of {', '.join(MOST)}, as in {EXAMPLE}. Omitted limits use the server's default; 0 means no limit.",
            "server_model": "Whether its runs may use the server's own model and key. Unknown: MGX_SERVER_MODEL_FOR decides.",
        }

    def clean_limits(self) -> dict[str, int]:
        try:
            return checked_limits(self.cleaned_data["limits"] or {})
        except BadRequest as error:
            raise forms.ValidationError(error.detail) from None
