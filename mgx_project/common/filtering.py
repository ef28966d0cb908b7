"""Filters of lists: django-filter's backend, with the errors that the API promises."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.db.models import QuerySet
from django.forms import ModelChoiceField
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request

from .errors import BadRequest
from .query_parameters import EVERYWHERE, refuse_unknown


class StrictFilterBackend(DjangoFilterBackend):  # type: ignore[misc]
    """Refuses query parameters other than those of the view's ``filterset_class`` and its paginator."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filterset_class = self.get_filterset_class(view)
        filters = set(filterset_class.base_filters if filterset_class else ())
        refuse_unknown(request.query_params, view.paginator.parameters | filters)
        if any("\x00" in value for value in request.query_params.values()):
            raise BadRequest("A query parameter contains a NUL character.")
        found: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return found

    def get_filterset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        """None, which leaves the queryset unchanged, if the request has no filters: creating a filterset is slow."""
        if (EVERYWHERE | view.paginator.parameters).issuperset(request.query_params):
            return None
        filterset = super().get_filterset(request, queryset, view)
        if filterset is not None and not filterset.is_valid():
            field, messages = next(iter(filterset.errors.items()))
            raise BadRequest(f"{field}: {messages[0]}{_hint(filterset.form.fields[field])}", field=field)
        return filterset


def with_id_prefix(queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
    """Rows with ids between the smallest and the greatest with these digits: a range, so the primary key's index serves it."""
    digits = value.replace("-", "").lower()
    if not re.fullmatch("[0-9a-f]{1,32}", digits):
        return queryset.none()
    return queryset.filter(id__range=(uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))))


def _hint(field: Any) -> str:
    # those of a model field are rows, of all tenants
    choices = () if isinstance(field, ModelChoiceField) else list(getattr(field, "choices", ()))
    return f" Use one of: {', '.join(str(value) for value, _ in choices if value)}." if choices else ""
