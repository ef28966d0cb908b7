"""OpenAPI by drf-spectacular, with what all our endpoints share: list envelopes, problem documents, common headers."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, build_parameter_type, is_list_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import AllowAny

from workspaces.viewsets import TenantViewSet

from .common.pagination import DEFAULT_LIMIT, MAX_LIMIT
from .common.problems import CONTENT_TYPE

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable and machine-readable."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                "required": ["field", "message"],
            },
        },
        "request_id": {"type": "string"},
        "hint": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail", "code", "errors", "request_id"],
}
REFUSALS = {
    "400": "The request is not valid.",
    "401": "The token is missing or not valid.",
    "403": "The role does not allow this.",
    "404": "The object does not exist or you do not have access to it.",
    "406": "The response is not available in the format of the Accept header.",
    "409": "The request conflicts with the current state.",
    "412": "The object was changed after the ETag in If-Match was read.",
    "413": "The body is larger than the server accepts.",
    "415": "The body is not JSON.",
    "429": "Too many requests. Retry-After says how many seconds to wait.",
}


class KeysetEnvelope:
    """What `common.pagination.Page` answers, in the form that drf-spectacular asks a paginator for."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                "items": {**schema, "maxItems": MAX_LIMIT},
                "next_cursor": {"type": ["string", "null"], "description": "Pass it as ?cursor= to get the next page."},
                "total": {"type": "integer", "description": "Only with ?count=true; at most 10,000."},
            },
            "required": ["items", "next_cursor"],
        }


class Schema(AutoSchema):
    """Of a TenantViewSet, the answer is its `rows` and the body its `serializer_class`; `extend_schema` says what differs."""

    view: Any

    def get_request_serializer(self) -> Any:
        if self._is_tenant and self.view.serializer_class is None:
            return None
        return super().get_request_serializer()

    def get_response_serializers(self) -> Any:
        return self._rows() if self._rows else super().get_response_serializers()

    def get_filter_backends(self) -> list[Any]:
        if not getattr(self.view, "filterset_class", None) or not self._is_list:
            return []
        from django_filters.rest_framework import DjangoFilterBackend

        return [DjangoFilterBackend]

    def _get_serializer(self) -> Any:
        """None for an endpoint without rows or body of its own."""
        return super()._get_serializer() if not self._is_tenant or self.view.serializer_class or self._rows else None

    def _is_list_view(self, serializer: Any = None) -> bool:
        if not self._is_tenant:
            return bool(super()._is_list_view(serializer))
        return self._is_list or is_list_serializer(self.get_response_serializers() if serializer is None else serializer)

    def _get_paginator(self) -> Any:
        return KeysetEnvelope() if self._is_tenant else None

    def _get_pagination_parameters(self) -> list[Any]:
        if not self._is_list:
            return []
        orders = [f"{sign}{name}" for name in self.view.orders for sign in ("-", "")]
        return [
            _query(
                "limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}, "Rows per page."
            ),
            _query("cursor", {"type": "string"}, "The next_cursor of the previous page."),
            _query("order", {"type": "string", "enum": orders, "default": orders[0]}, "A minus means descending order."),
            _query("count", {"type": "boolean", "default": False}, "Also count all rows (total)."),
        ]

    def get_override_parameters(self) -> list[Any]:
        found = list(super().get_override_parameters())
        if self._is_tenant:
            where: Literal["header"] = "header"
            found += [
                OpenApiParameter("X-Workspace-Id", OpenApiTypes.UUID, where, description="The workspace, by id."),
                OpenApiParameter("X-Workspace-Slug", str, where, description="The workspace, by slug."),
            ]
            if self.method == "POST":
                text = "If the request is repeated with the same body within 24 hours, the first response is returned."
                found.append(OpenApiParameter("Idempotency-Key", str, where, description=text))
            if self.method == "PATCH":
                found.append(
                    OpenApiParameter("If-Match", str, where, description="The ETag that was read. 412 if it is outdated.")
                )
        return found

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        content = {CONTENT_TYPE: {"schema": self._problem().ref}}
        for code in self._refusals():
            bodies.setdefault(code, {"description": REFUSALS[code], "content": content})
        return bodies

    def _refusals(self) -> list[str]:
        codes = ["400", "401", "403", "404", "406"]
        if any(isinstance(permission, AllowAny) for permission in self.view.get_permissions()):
            codes = ["400", "401", "406"]
        if self.method in {"POST", "PATCH", "PUT", "DELETE"}:
            codes += ["409"]
        if self.method in {"PATCH", "DELETE"}:
            codes += ["412"]
        if self.method in {"POST", "PATCH", "PUT"}:
            codes += ["413", "415"]
        if self.view.get_throttles():
            codes += ["429"]
        return codes

    def _problem(self) -> ResolvedComponent:
        component = ResolvedComponent(name="Problem", type=ResolvedComponent.SCHEMA, schema=PROBLEM, object="Problem")
        self.registry.register_on_missing(component)
        return component

    @property
    def _is_list(self) -> bool:
        """The list of the view's own rows, with filters and pages; an action may answer a shorter one whole."""
        return self._is_tenant and self.view.action == "list"

    @property
    def _rows(self) -> Any:
        return getattr(self.view, "rows", None) if self._is_tenant else None

    @property
    def _is_tenant(self) -> bool:
        return isinstance(self.view, TenantViewSet)


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return build_parameter_type(name=name, schema=schema, location=OpenApiParameter.QUERY, description=description)


def simplify(result: Any, generator: object, request: object, public: bool) -> Any:
    """Post-processing: "anything or null" is anything. As drf-spectacular writes it, null matches twice and so not at all."""
    if isinstance(result, list):
        return [simplify(item, generator, request, public) for item in result]
    if not isinstance(result, dict):
        return result
    if result.get("oneOf") == [{}, {"type": "null"}]:
        result = {key: value for key, value in result.items() if key != "oneOf"}
    return {key: simplify(value, generator, request, public) for key, value in result.items()}
