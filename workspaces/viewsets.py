"""The base of every tenant endpoint: it determines the tenant before any row is read, and reads rows in one way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import QuerySet
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from mgx_project.common.constraints import conflicts
from mgx_project.common.errors import BadRequest, MGXError, NotFound
from mgx_project.common.etag import check_if_match, etag
from mgx_project.common.filtering import StrictFilterBackend
from mgx_project.common.pagination import KeysetPagination
from mgx_project.common.routers import UUID
from mgx_project.common.row_serializers import RowSerializer

from .audit import differences, record_audit, values_of
from .idempotency import answer_once
from .models import Role
from .permissions import HasRole
from .principal import Principal


class TenantViewSet(GenericViewSet[Any]):
    """A viewset whose rows are one tenant's.

    ``model`` and ``rows`` (output) say what is read, ``roles`` which role an action needs (reads: viewer; writes: developer),
    ``filterset_class`` which query parameters a list takes: any other is refused; ``unique`` what to say when a write breaks
    a uniqueness constraint (see `conflicts`); ``workspace_url_kwarg`` which part of the path names the tenant, where one does;
    ``noun`` what the audit log calls a row that `patch_row` changes;
    ``asks_host`` the actions that ask the service of a repository, and so may answer 502 or 503.
    """

    model: ClassVar[type[models.Model]]
    rows: ClassVar[type[RowSerializer]]
    roles: ClassVar[Mapping[str, Role]] = {}
    unique: ClassVar[Mapping[str, tuple[str, str]]] = {}
    noun: ClassVar[str] = ""
    asks_host: ClassVar[frozenset[str]] = frozenset()
    permission_classes = (IsAuthenticated, HasRole)
    filter_backends = (StrictFilterBackend,)
    pagination_class = KeysetPagination
    ordering_fields: ClassVar[tuple[str, ...]] = ("created_at",)
    lookup_value_regex = UUID
    workspace_url_kwarg: ClassVar[str] = "workspace_id"
    principal: Principal

    def check_permissions(self, request: Request) -> None:
        """A refused request counts for the rate limits as well: else one could try out workspaces without end."""
        try:
            super().check_permissions(request)
        except MGXError:
            self.check_throttles(request)
            raise

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.model.across_tenants.none()  # type: ignore[attr-defined]
        rows: QuerySet[Any] = self.model.objects.for_workspace(self.principal.workspace_id)  # type: ignore[attr-defined]
        return rows

    def get_serializer_class(self) -> Any:
        return self.serializer_class or self.rows

    # reading

    def list(self, request: Request, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([self.rows.render(row) for row in page or ()])

    def retrieve(self, request: Request, pk: str, **kwargs: Any) -> Response:
        return self.answer_row(pk)

    def read_row(self, pk: Any) -> dict[str, Any]:
        """The row as its queryset sees it, before shaping, with `updated_at` if the model has one. Raises NotFound."""
        columns = {*self.rows.columns().values(), "id"}
        if any(field.name == "updated_at" for field in self.model._meta.get_fields()):
            columns.add("updated_at")
        row = self.get_queryset().filter(pk=pk).values(*columns).first()
        if row is None:
            raise NotFound(f"This {self.model._meta.verbose_name} does not exist or you do not have access to it.")
        return row

    def answer_row(self, pk: Any, *, http_status: int = status.HTTP_200_OK) -> Response:
        row = self.read_row(pk)
        headers = {"ETag": etag(row["id"], row["updated_at"])} if "updated_at" in row else None
        return Response(self.rows.render(row), status=http_status, headers=headers)

    # writing

    def validated(self, serializer_class: Any = None, **kwargs: Any) -> dict[str, Any]:
        """The validated body. Unknown fields are refused, so that a typo is not silently ignored."""
        make: Any = serializer_class or self.serializer_class
        serializer = make(data=self.request.data, context={"view": self}, **kwargs)
        if isinstance(self.request.data, dict):
            unknown = sorted(set(self.request.data) - set(serializer.fields))
            if unknown:
                known = ", ".join(name for name, field in serializer.fields.items() if not field.read_only)
                raise BadRequest(
                    f"Unknown field {unknown[0]!r}. The fields are {known}.", field=unknown[0], code="unknown_field"
                )
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def once(self, respond: Callable[[], Response], *, secret: bool = False) -> Response:
        """Performs a POST and returns its response, once per Idempotency-Key."""
        return answer_once(self.request, self.principal, respond, secret=secret)

    def locked(self, pk: Any) -> Any:
        """The row itself, locked, after the If-Match check. Call inside a transaction. Raises NotFound, PreconditionFailed."""
        row = self.get_queryset().select_for_update(of=("self",)).filter(pk=pk).first()
        if row is None:
            raise NotFound(f"This {self.model._meta.verbose_name} does not exist or you do not have access to it.")
        if hasattr(row, "updated_at"):
            check_if_match(self.request, row.pk, row.updated_at)
        return row

    def patch_row(self, pk: Any, serializer_class: Any = None) -> Response:
        """PATCH of plain columns: validated, under the row's lock and its ETag."""
        with transaction.atomic():
            row = self.locked(pk)
            changes = self.validated(serializer_class, partial=True)
            self.before_write(row, changes)
            before = values_of(row, changes)
            for name, value in changes.items():
                setattr(row, name, value)
            with conflicts(self.unique):
                row.save(update_fields=[*changes, "updated_at"])
            record_audit(
                principal=self.principal,
                action=f"{self.noun}.changed",
                object_type=self.noun,
                object_id=row.pk,
                detail={"fields": sorted(changes)},
                changes=differences(self.model, before, changes),
            )
        return self.answer_row(pk)

    def before_write(self, row: Any, changes: dict[str, Any]) -> None:
        """Hook: may refuse or change other rows, in the write's transaction. ``row`` is None for a new one."""
