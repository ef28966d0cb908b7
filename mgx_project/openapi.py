"""OpenAPI by drf-spectacular, with what all our endpoints share: problem documents and common headers."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import AllowAny

from workspaces.viewsets import TenantViewSet

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
        "decision": {
            "type": "object",
            "description": "What was decided of a run before, where a decision came second (409, 412).",
            "properties": {
                "type": {"type": "string", "description": "As of the event of the decision."},
                "by": {"type": "string"},
                "at": {"type": "string", "format": "date-time"},
                "message": {"type": "string", "description": "One line for people."},
                "feedback": {"type": "string", "description": "The words of that person, if there were any."},
                "plan_version": {"type": "integer"},
                "round": {"type": "integer", "description": "Of the changes."},
                "seq": {"type": "integer", "description": "Of the event, once there is one."},
            },
            "required": ["type", "by", "at", "message"],
        },
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
    "502": "The service that has the repository could not be reached or refused.",
    "503": "The service that has the repository limits requests. Retry-After says how many seconds to wait.",
}


class Schema(AutoSchema):
    """Of a TenantViewSet, the answer is its `rows` and the body its `serializer_class`; `extend_schema` says what differs."""

    view: Any

    def get_response_serializers(self) -> Any:
        return self.view.rows() if self._is_tenant else super().get_response_serializers()

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
        if self._is_tenant and self.view.action in self.view.asks_host:
            return [*codes, "429", "502", "503"]
        return [*codes, "429"]

    def _problem(self) -> ResolvedComponent:
        component = ResolvedComponent(name="Problem", type=ResolvedComponent.SCHEMA, schema=PROBLEM, object="Problem")
        self.registry.register_on_missing(component)
        return component

    @property
    def _is_tenant(self) -> bool:
        return isinstance(self.view, TenantViewSet)
