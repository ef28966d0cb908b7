"""The base of every tenant endpoint: it determines the tenant before any row is read, and reads rows in one way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import QuerySet
from django.forms import ModelChoiceField
from rest_framework import status
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from mgx_project.common.constraints import conflicts
from mgx_project.common.errors import BadRequest, MGXError, NotFound
from mgx_project.common.etag import check_if_match, etag
from mgx_project.common.pagination import PARAMETERS, Page
from mgx_project.common.routers import UUID
from mgx_project.common.row_serializers import RowSerializer

from .idempotency import answer_once
from .models import ApiToken, Role, User
from .principal import Principal, names_of, principal_of_token, principal_of_user
from .receivers import SIGNED_IN_AT
from .request_rates import count_request
from .rights import Credential
from .sign_ins import Jwt


def resolve_principal(request: Request, workspace_id: str | None = None) -> Principal:
    """The token's own workspace, else the named one, else the user's only one (CONTRACT: Tenant).

    ``workspace_id`` from the path takes precedence; a workspace of others raises NotFound, as one that does not exist.
    """
    names = names_of(request.headers.get, request.query_params.get("workspace"))
    if isinstance(request.auth, ApiToken):
        principal = principal_of_token(request.auth, names)
        if workspace_id is not None and str(principal.workspace_id) != workspace_id:
            raise NotFound("This workspace does not exist or you do not have access to it.")
        return principal
    assert isinstance(request.user, User)
    wanted = names if workspace_id is None else (workspace_id,)
    return principal_of_user(request.user, wanted, signed_in_at=signed_in_at(request))


def signed_in_at(request: Request) -> datetime | None:
    """When the person behind a JWT or a browser session entered a password."""
    if isinstance(request.auth, Jwt):
        return request.auth.sign_in.created_at
    at = request.session.get(SIGNED_IN_AT)
    return datetime.fromisoformat(at) if at else None


def credential_of(request: Request) -> Credential:
    """The request's credential, for work that continues after the response."""
    user = request.user
    assert isinstance(user, User)
    if isinstance(request.auth, ApiToken):
        return Credential(user.pk, token_id=request.auth.pk)
    if isinstance(request.auth, Jwt):
        return Credential(user.pk, sign_in_id=request.auth.sign_in.pk, ends_at=request.auth.ends_at)
    return Credential(user.pk, session_key=request.session.session_key or "", session_hash=user.get_session_auth_hash())


class TenantViewSet(GenericViewSet[Any]):
    """A viewset whose rows are one tenant's.

    ``model`` and ``rows`` (output) say what is read, ``roles`` which role an action needs (reads: viewer; writes: developer),
    ``filterset_class`` which query parameters a list takes: any other is refused; ``unique`` what to say when a write breaks
    a uniqueness constraint (see `conflicts`).
    """

    model: ClassVar[type[models.Model]]
    rows: ClassVar[type[RowSerializer]]
    roles: ClassVar[Mapping[str, Role]] = {}
    orders: ClassVar[tuple[str, ...]] = ("created_at",)
    unique: ClassVar[Mapping[str, tuple[str, str]]] = {}
    lookup_value_regex = UUID
    throttle_classes = ()  # counted with the workspace, as soon as that is known
    principal: Principal

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        try:
            self.principal = self.find_principal(request)
        except MGXError:
            count_request(request)
            raise
        count_request(request, self.principal)
        self.check_role(request)

    def find_principal(self, request: Request) -> Principal:
        """Override if the path names the tenant."""
        return resolve_principal(request)

    def check_role(self, request: Request) -> None:
        default = Role.VIEWER if request.method in SAFE_METHODS else Role.DEVELOPER
        self.principal.require(self.roles.get(self.action or "", default))

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.model._default_manager.none()
        rows: QuerySet[Any] = self.model.objects.for_workspace(self.principal.workspace_id)  # type: ignore[attr-defined]
        return rows

    def get_serializer_class(self) -> Any:
        return self.serializer_class or self.rows

    # reading

    def list(self, request: Request) -> Response:
        page = Page(self._filtered(), request, orders=self.orders)
        found, cursor = page.fetch(self.rows.columns(), self.rows.heavy)
        answer: dict[str, Any] = {"items": [self.rows.render(row) for row in found], "next_cursor": cursor}
        if page.counted:
            answer["total"] = page.total()
        return Response(answer)

    def retrieve(self, request: Request, pk: str) -> Response:
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
            for name, value in changes.items():
                setattr(row, name, value)
            with conflicts(self.unique):
                row.save(update_fields=[*changes, "updated_at"])
            self.after_patch(row, changes)
        return self.answer_row(pk)

    def before_write(self, row: Any, changes: dict[str, Any]) -> None:
        """Hook: may refuse or change other rows, in the write's transaction. ``row`` is None for a new one."""

    def after_patch(self, row: Any, changes: dict[str, Any]) -> None:
        """Hook: further effects of a PATCH, in its transaction."""

    def _filtered(self) -> QuerySet[Any]:
        params = self.request.query_params
        filterset_class = getattr(self, "filterset_class", None)
        known = PARAMETERS | set(filterset_class.base_filters if filterset_class else ())
        if unknown := sorted(set(params) - known):
            raise BadRequest(
                f"Unknown query parameter {unknown[0]!r}. This list accepts {', '.join(sorted(known))}.", field=unknown[0]
            )
        if any("\x00" in value for value in params.values()):
            raise BadRequest("A query parameter contains a NUL character.")
        queryset = self.get_queryset()
        if filterset_class is None or PARAMETERS.issuperset(params):
            return queryset
        filterset = filterset_class(params, queryset=queryset, request=self.request)
        if not filterset.is_valid():
            field, messages = next(iter(filterset.errors.items()))
            wanted = filterset.form.fields[field]
            # those of a model field are rows, of all tenants
            choices = () if isinstance(wanted, ModelChoiceField) else getattr(wanted, "choices", ())
            hint = f" Use one of: {', '.join(str(value) for value, _ in choices if value)}." if choices else ""
            raise BadRequest(f"{field}: {messages[0]}{hint}", field=field)
        found: QuerySet[Any] = filterset.qs
        return found
